import type { AttachmentContent, CallOptions } from '../../contracts/statement-store.ts'
import { type Place, read } from './file.ts'
import type { Journal } from './journal.ts'
import type { Transaction } from './transaction.ts'

export interface FsAttachments {
  /** A job of a transaction. */
  add(attachments: readonly AttachmentContent[]): void
  read(sha2s: readonly string[], options?: CallOptions): AsyncGenerator<AttachmentContent>
  /** The transaction has ended, this way or that. */
  settle(): void
}

/** Contents by their digests, each kept once. */
export const createFsAttachments = (
  committed: Map<string, Place>,
  journal: Journal,
  transaction: Transaction,
  requireOpen: () => void
): FsAttachments => {
  const added = new Set<string>()
  return {
    add: (attachments) => {
      for (const { sha2, content } of attachments) {
        if (committed.has(sha2) || added.has(sha2)) continue
        added.add(sha2)
        transaction.addEntry({ attachment: sha2, size: content.length }, content, (place) => committed.set(sha2, place))
      }
    },
    read: async function* (sha2s, options) {
      for (const sha2 of new Set(sha2s)) {
        requireOpen()
        options?.signal?.throwIfAborted()
        const place = committed.get(sha2)
        if (place !== undefined) yield { sha2, content: await read(journal.file, place) }
      }
    },
    settle: () => added.clear()
  }
}
