import type { DocumentKey } from '../contracts/document-store.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import type { Position } from '../xapi/filters.ts'
import { decodePosition, encodePosition, startAfter } from '../xapi/position.ts'

/**
 * How far the statements of a store have gone on. It is a document beside the statements, so that it is as durable as they are, and is
 * copied and backed up with them.
 */
export interface DurablePosition {
  /** The statement before which everything is done with. Undefined: not even the first one is. */
  read(): Promise<Position | undefined>
  /** Never goes back: a server that was held up cannot undo the work of the one that took over. */
  advance(position: Position): Promise<void>
}

const isBefore = (one: Position, other: Position): boolean =>
  one.stored < other.stored || (one.stored === other.stored && one.id < other.id)

const positionIn = (content: Uint8Array): Position => decodePosition(Buffer.from(content).toString('utf8'))

/**
 * @param key a scope that is not an IRI, so that no request of a client can name the document
 * @param begin where to begin when the document is not there; `now` is written down at the first reading
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
    if (written === undefined) throw new RalphError('STORE_CORRUPT', 'the store did not keep the position it was given')
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
