import type { Answer } from './resource.ts'

/** Bytes that are given to a connection at once. They are views of a larger piece. */
const slice = 2 ** 18

/** A piece that is longer than expected is counted before it is sent. */
async function* sliced(
  pieces: AsyncIterable<Buffer>,
  holds: number,
  count: (bytes: number) => void
): AsyncGenerator<Buffer> {
  let held = holds
  for await (const piece of pieces) {
    if (piece.length > held) {
      count(piece.length - held)
      held = piece.length
    }
    for (let at = 0; at < piece.length; at += slice) yield piece.subarray(at, at + slice)
  }
}

/**
 * The body of an answer, counted until it was sent. Of an answer that is made while it is sent, only the bytes that are in memory at once
 * are counted. `count` may refuse.
 */
export const counted = (body: Answer['body'], count: (bytes: number) => void): Answer['body'] => {
  if (body === undefined) return body
  if (typeof body === 'string') count(Buffer.byteLength(body))
  else if (Buffer.isBuffer(body)) count(body.length)
  else {
    count(body.holds)
    return { ...body, pieces: sliced(body.pieces, body.holds, count) }
  }
  return body
}
