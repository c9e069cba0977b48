import type { DocumentKey } from '../contracts/document-store.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import type { Position } from '../xapi/filters.ts'
import { decodePosition, encodePosition, startAfter } from '../xapi/position.ts'

/**
 * The position up to which the statements of a store are processed. It is a document in the store, so it is as durable as the
 * statements, and is copied and backed up with them.
 */
export interface DurablePosition {
  /** All statements up to this one are processed. Undefined: not even the first one. */
  read(): Promise<Position | undefined>
  /** It never moves back: a server that was held up cannot undo the work of its successor. */
  advance(position: Position): Promise<void>
}

const isBefore = (one: Position, other: Position): boolean =>
  one.stored < other.stored || (one.stored === other.stored && one.id < other.id)

const positionIn = (content: Uint8Array): Position => decodePosition(Buffer.from(content).toString('utf8'))

/**
 * @param key a scope that is not an IRI, so that no request of a client can name the document
 * @param begin where to begin if there is no document; `now` is stored at the first read
 */
export const openDurablePosition = (
  { documents, statements }: Pick<LrsStore, 'documents' | 'statements'>,
  key: DocumentKey,
  begin: 'first' | 'now'
): DurablePosition => {
  const write = async (position: Position): Promise<Position> => {
    const written = await documents.change(key, (present) =>
      present !== undefined && !isBefore(positionIn(present.content), position)
        ? present
        : { content: Buffer.from(encodePosition(position)), contentType: 'text/plain' }
    )
    if (written === undefined) throw new RalphError('STORE_CORRUPT', 'the store did not keep the position')
    return positionIn(written.content)
  }

  return {
    read: async () => {
      const found = await documents.get(key)
      if (found !== undefined) return positionIn(found.content)
      return begin === 'first' ? undefined : write(startAfter(await statements.consistentThrough()))
    },
    advance: async (position) => {
      await write(position)
    }
  }
}
