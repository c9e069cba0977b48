import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import type { Place } from './file.ts'
import { type Entry, type Journal, replaceJournal } from './journal.ts'
import type { Kept } from './kept.ts'

/**
 * Writes the journal of documents anew when most of it is no longer needed. That it cannot is only warned of: what is in
 * the journal is there all the same.
 */
export interface Compactor {
  /** When at least half of it, and more than a megabyte, would go. */
  compact(): Promise<void>
  /** As `compact`, but looks only when the journal has grown to twice what it was when it last did. */
  compactIfLarge(): Promise<void>
}

const minWaste = 1024 * 1024
/** What it costs to look is little against what was written since. */
const minLarge = 16 * 1024 * 1024
/** About what an entry takes beside its content. */
const entrySize = 256
const nowhere: Place = { offset: 0, length: 0 }

export const createCompactor = (
  journal: Journal,
  kept: Kept,
  times: IncreasingClock,
  warn: (message: string) => void
): Compactor => {
  const replace = async (): Promise<void> => {
    const documents = [...kept.documents.all()]
    let needed = kept.unlearned.size * 20
    for (const [, { place }] of documents) needed += place.length + entrySize
    if (journal.end - needed < Math.max(minWaste, journal.end / 2)) return
    const entries: (readonly [Entry, Place])[] = documents.map(([put, { place, ...about }]) => [
      { put, ...about, size: place.length },
      place
    ])
    entries.push([{ unlearned: [...kept.unlearned] }, nowhere], [{ passed: times.now() }, nowhere])
    if (kept.apart.since < Number.POSITIVE_INFINITY) entries.push([{ apart: kept.apart.since }, nowhere])
    await replaceJournal(journal, entries, (places) => {
      for (const [index, [key, document]] of documents.entries()) {
        kept.documents.set(key, { ...document, place: places[index] ?? nowhere })
      }
    })
  }

  const compact = (): Promise<void> =>
    replace().catch((error: unknown) => warn(`${journal.path} is longer than it need be and stays so: ${error}`))

  const nextLook = (): number => Math.max(minLarge, journal.end * 2)
  let large = nextLook()
  return {
    compact,
    compactIfLarge: async () => {
      if (journal.end < large) return
      await compact()
      large = nextLook()
    }
  }
}
