import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { createDocumentIndex } from '../../storage/memory-index/document-index.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { LocatedDocuments } from './documents.ts'
import type { ByteRange } from './file.ts'
import type { JournalEntry } from './journal.ts'

/** What the journals say, all entries taken together. */
export interface JournalState {
  readonly documents: LocatedDocuments
  readonly attachments: Map<string, ByteRange>
  /** By their `stored`: statements that teach nothing. */
  readonly unlearned: Set<Micros>
  /** What statements teach is kept apart for each Authority too, from the one with this `stored` on. */
  readonly apart: { since: Micros }
}

/** That one statement was told to keep it apart. */
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
