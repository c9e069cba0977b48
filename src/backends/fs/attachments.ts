import type { AttachmentContent } from '../../contracts/statement-store.ts'
import { type Place, read } from './file.ts'
import type { Journal } from './journal.ts'
import type { Transaction } from './transaction.ts'

export interface FsAttachments {
  /** A job of a transaction. */
  add(attachments: readonly AttachmentContent[]): void
  read(sha2: string): Promise<AttachmentContent | undefined>
  /** The transaction has ended, this way or that. */
  settle(): void
}

/** Contents by their digests, each kept once. */
export const createFsAttachments = (
  committed: Map<string, Place>,
  journal: Journal,
  transaction: Transaction
): FsAttachments => {
  const added = new Set<string>()
  return {
    add: (attachments) => {
      for (const { sha2, content } of attachments) {
        if (committed.has(sha2) || added.has(sha2)) continue
        added.add(sha2)
        transaction.addEntry(journal, { attachment: sha2, size: content.length }, content, (place) =>
          committed.set(sha2, place)
        )
      }
    },
    read: async (sha2) => {
      const place = committed.get(sha2)
      return place && { sha2, content: await read(journal.file, place) }
    },
    settle: () => added.clear()
  }
}
