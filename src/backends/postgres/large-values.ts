import { plain, prepare, type Query } from './query-text.ts'

/**
 * A value of more bytes than a piece is sent and read in pieces. In one piece, it would be in memory several times: the driver copies what
 * it sends, and receives bytes as hexadecimal digits. And the event loop would wait while these are converted.
 */
export const pieceSize = 2 ** 22

export const isLarge = ({ byteLength }: Uint8Array): boolean => byteLength > pieceSize

// A large object of PostgreSQL collects the pieces. It exists only within the transaction, which keeps its number in a setting.
const collected = "current_setting('ralph.collected')::oid"
const collectFirst = prepare('collect_first', "SELECT set_config('ralph.collected', lo_from_bytea(0, $1)::text, true)")
const collectMore = prepare('collect_more', `SELECT lo_put(${collected}, $1, $2)`)

/** Sends a large value. Later statements of the same transaction find it under `collectedValue`, until `forgetValue`. */
export function* collectValue(content: Uint8Array): Generator<Query<never>> {
  yield collectFirst(content.subarray(0, pieceSize))
  for (let at = pieceSize; at < content.byteLength; at += pieceSize) {
    yield collectMore(at, content.subarray(at, at + pieceSize))
  }
}

/** The large value, in SQL. */
export const collectedValue = `lo_get(${collected})`

export const forgetValue = plain(`SELECT lo_unlink(${collected})`)

/** In SQL: the value, or null if it is large. */
export const ifSmall = (column: string): string =>
  `CASE WHEN octet_length(${column}) <= ${pieceSize} THEN ${column} END`

/** Reads a large value. Undefined: it is not there any more. `read` gets the positions of a piece, from 1 as in SQL. */
export const readLarge = async (
  size: number,
  read: (start: number, length: number) => Promise<Uint8Array | undefined>
): Promise<Uint8Array | undefined> => {
  const whole = Buffer.allocUnsafeSlow(size)
  for (let at = 0; at < size; at += pieceSize) {
    const piece = await read(at + 1, pieceSize)
    if (piece === undefined) return undefined
    whole.set(piece, at)
  }
  return whole
}
