import type { AttachmentContent } from '../../contracts/statement-store.ts'
import type { Connection } from './connect.ts'

export interface AttachmentTable {
  find(sha2: string): AttachmentContent | undefined
  /** Within the transaction that is open. */
  add(attachment: AttachmentContent): void
}

export const createAttachmentTable = (connection: Connection): AttachmentTable => {
  const select = connection.prepare<[content: Uint8Array]>('SELECT content FROM attachment WHERE sha2 = ?')
  const insert = connection.prepare('INSERT OR IGNORE INTO attachment (sha2, content) VALUES (?, ?)')
  return {
    find: (sha2) => {
      const row = select.get(sha2)
      return row && { sha2, content: row[0] }
    },
    add: ({ sha2, content }) => {
      insert.run(sha2, content)
    }
  }
}
