import type { AttachmentContent } from '../../contracts/statement-store.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { type ChunkTable, chunkSize } from './chunks.ts'
import type { Connection } from './connect.ts'

export interface AttachmentTable {
  find(sha2: string): Yielding<AttachmentContent | undefined>
  /** Runs within the open transaction. */
  add(attachment: AttachmentContent): Yielding<void>
  /** Runs within the open transaction. */
  remove(sha2: string): Yielding<void>
}

const nothing = new Uint8Array()

export const createAttachmentTable = (
  connection: Connection,
  parts: ChunkTable,
  times: IncreasingClock
): AttachmentTable => {
  const select = connection.prepare<[content: Uint8Array, parts: number | null]>(
    'SELECT content, parts FROM attachment WHERE sha2 = ?'
  )
  const isThere = connection.prepare<[number]>('SELECT 1 FROM attachment WHERE sha2 = ?')
  const insert = connection.prepare('INSERT OR IGNORE INTO attachment (sha2, content, parts) VALUES (?, ?, ?)')
  const removeRow = connection.prepare('DELETE FROM attachment WHERE sha2 = ?')
  return {
    remove: function* (sha2) {
      const [, owner = null] = select.get(sha2) ?? []
      if (owner !== null) yield* parts.remove(owner)
      removeRow.run(sha2)
    },
    find: function* (sha2) {
      const row = select.get(sha2)
      if (row === undefined) return undefined
      const [content, owner] = row
      return { sha2, content: owner === null ? content : ((yield* parts.read(owner)) ?? nothing) }
    },
    add: function* ({ sha2, content }) {
      if (content.byteLength <= chunkSize) {
        insert.run(sha2, content, null)
        return
      }
      if (isThere.get(sha2) !== undefined) return
      const owner = times.next()
      insert.run(sha2, nothing, owner)
      yield* parts.add(owner, content)
    }
  }
}
