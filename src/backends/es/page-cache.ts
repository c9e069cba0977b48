import { LRUCache } from 'lru-cache'
import type { PageFrame, TextPage } from '../../contracts/statement-store.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import type { Micros } from '../../xapi/timestamp.ts'

interface KeptPage {
  readonly page: TextPage
  /** How far it was written when the page was read: as long as nobody has written, it is still the same. */
  readonly last: Micros
  readonly before: string
  readonly after: string
}

/** Pages that have been read, by the question they answer: who polls one that stays the same is sent the same bytes. */
export interface PageCache {
  /** Whether it is worth finding out how far it is written. */
  has(query: StatementQuery): boolean
  find(query: StatementQuery, frame: PageFrame, last: Micros): TextPage | undefined
  keep(query: StatementQuery, frame: PageFrame, last: Micros, page: TextPage): void
}

/** A page is kept once it was asked for twice: of those who walk through a store, none is. So many are remembered. */
const mostAsked = 200

/** Milliseconds. Who changes statements behind our back, as Ralph can, is noticed after so long. */
const longestKept = 5000

/** `size`: bytes of pages. */
export const createPageCache = (size: number): PageCache => {
  const pages = new LRUCache<string, KeptPage>({
    maxSize: size,
    ttl: longestKept,
    sizeCalculation: ({ page }, question) => page.json.byteLength + question.length + 1
  })
  const asked = new LRUCache<string, true>({ max: mostAsked })
  return {
    has: (query) => pages.has(JSON.stringify(query)),
    find: (query, frame, last) => {
      const kept = pages.get(JSON.stringify(query))
      if (kept === undefined || kept.last !== last) return undefined
      return kept.before === frame.before && kept.after === frame.after(kept.page.end) ? kept.page : undefined
    },
    keep: (query, frame, last, page) => {
      const question = JSON.stringify(query)
      if (!asked.has(question)) asked.set(question, true)
      else pages.set(question, { page, last, before: frame.before, after: frame.after(page.end) })
    }
  }
}
