import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { createDocumentIndex } from '../../storage/memory-index/document-index.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { LocatedDocuments } from './documents.ts'
import type { ByteRange } from './file.ts'
import type { JournalEntry } from './journal.ts'

/** The result of all entries of the journals together. */
export interface JournalState {
  readonly documents: LocatedDocuments
  readonly attachments: Map<string, ByteRange>
  /** The `stored` values of statements without influence on descriptions. */
  readonly unlearned: Set<Micros>
  /** From this `stored` on, descriptions are also kept per Authority. */
  readonly apart: { since: Micros }
}

/** Notes that one statement was stored with separate descriptions. */
export const keepApart = ({ apart }: Pick<JournalState, 'apart'>, stored: Micros): void => {
  apart.since = Math.min(apart.since, stored)
}

export const createJournalState = (): JournalState => ({
  documents: createDocumentIndex(),
  attachments: new Map(),
  unlearned: new Set(),
  apart: { since: Number.POSITIVE_INFINITY }
})

export const applyEntry = (kept: JournalState, times: IncreasingClock, entry: JournalEntry, range: ByteRange): void => {
  if ('put' in entry) {
    const { put, contentType, etag, updated } = entry
    kept.documents.set(put, { contentType, etag, updated, range })
    times.passed(updated)
  } else if ('delete' in entry) kept.documents.delete(entry.delete)
  else if ('attachment' in entry) kept.attachments.set(entry.attachment, range)
  else if ('unlearned' in entry) for (const stored of entry.unlearned) kept.unlearned.add(stored)
  else if ('apart' in entry) keepApart(kept, entry.apart)
  else times.passed(entry.passed)
}
