import type { AttachmentContent } from '../../contracts/statement-store.ts'
import { type ByteRange, read } from './file.ts'
import type { Journal } from './journal.ts'
import type { Transaction } from './transaction.ts'

export interface FsAttachments {
  /** A job of a transaction. */
  add(attachments: readonly AttachmentContent[]): void
  read(sha2: string): Promise<AttachmentContent | undefined>
  /** The transaction has ended, with or without success. */
  settle(): void
}

/** Contents by their digests. Each is stored once. */
export const createFsAttachments = (
  committed: Map<string, ByteRange>,
  journal: Journal,
  transaction: Transaction
): FsAttachments => {
  const added = new Set<string>()
  return {
    add: (attachments) => {
      for (const { sha2, content } of attachments) {
        if (committed.has(sha2) || added.has(sha2)) continue
        added.add(sha2)
        transaction.addEntry(journal, { attachment: sha2, size: content.length }, content, (range) =>
          committed.set(sha2, range)
        )
      }
    },
    read: async (sha2) => {
      const range = committed.get(sha2)
      return range && { sha2, content: await read(journal.file, range) }
    },
    settle: () => added.clear()
  }
}
