import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import type { ByteRange } from './file.ts'
import { type Journal, type JournalEntry, replaceJournal } from './journal.ts'
import type { JournalState } from './journal-state.ts'

/**
 * Rewrites the journal of documents when most of it is no longer needed. A failure is only a warning, because the old journal stays
 * complete.
 */
export interface Compactor {
  /** Rewrites the journal if that removes at least half of it, and more than a megabyte. */
  compact(): Promise<void>
  /** Rewrites the journal, whatever that removes. Rejects if it fails. */
  compactAlways(): Promise<void>
  /** Like `compact`, but it checks only when the journal has doubled since the last check. */
  compactIfLarge(): Promise<void>
}

const minWaste = 1024 * 1024
/** The cost of a check is small compared with what was written since. */
const minLarge = 16 * 1024 * 1024
/** The approximate size of an entry without its content. */
const entrySize = 256
const nowhere: ByteRange = { offset: 0, length: 0 }

export const createCompactor = (
  journal: Journal,
  kept: JournalState,
  times: IncreasingClock,
  warn: (message: string) => void
): Compactor => {
  const isWorthwhile = (): boolean => {
    let needed = kept.unlearned.size * 20
    for (const [, { range }] of kept.documents.all()) needed += range.length + entrySize
    return journal.end - needed >= Math.max(minWaste, journal.end / 2)
  }

  const replace = async (): Promise<void> => {
    const documents = [...kept.documents.all()]
    const entries: (readonly [JournalEntry, ByteRange])[] = documents.map(([put, { range, ...about }]) => [
      { put, ...about, size: range.length },
      range
    ])
    entries.push([{ unlearned: [...kept.unlearned] }, nowhere], [{ passed: times.now() }, nowhere])
    if (kept.apart.since < Number.POSITIVE_INFINITY) entries.push([{ apart: kept.apart.since }, nowhere])
    await replaceJournal(journal, entries, (ranges) => {
      for (const [index, [key, document]] of documents.entries()) {
        kept.documents.set(key, { ...document, range: ranges[index] ?? nowhere })
      }
    })
  }

  const compact = async (): Promise<void> => {
    if (!isWorthwhile()) return
    await replace().catch((error: unknown) => warn(`${journal.path} could not be made shorter: ${error}`))
  }

  const nextLook = (): number => Math.max(minLarge, journal.end * 2)
  let large = nextLook()
  return {
    compact,
    compactAlways: replace,
    compactIfLarge: async () => {
      if (journal.end < large) return
      await compact()
      large = nextLook()
    }
  }
}
