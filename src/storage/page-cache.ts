import { LRUCache } from 'lru-cache'
import type { PageFrame, TextPage } from '../contracts/statement-store.ts'
import type { StatementQuery } from '../xapi/filters.ts'

/** Tells one state of the statements of a store from another: whenever they change, so does it. */
export type Revision = number | string

export interface PageSource {
  /** The revision now. It is asked for questions that were asked before only: it may cost a request. */
  revision(): Revision | Promise<Revision>
  read(): Promise<TextPage>
}

/** Pages that have been read, by the question they answer: who polls one that stays the same is sent the same bytes. */
export interface PageCache {
  get(query: StatementQuery, frame: PageFrame, source: PageSource): Promise<TextPage>
}

export interface PageCacheOptions {
  /** Bytes of pages. */
  readonly size: number
  /** Milliseconds after which a page is read again, where others may change statements behind our back. */
  readonly longestKept?: number
}

interface KeptPage {
  readonly page: TextPage
  readonly revision: Revision
  readonly before: string
  readonly after: string
}

/** A page is kept once it was asked for twice: of those who walk through a store, none is. So many are remembered. */
const mostAsked = 200

export const createPageCache = ({ size, longestKept }: PageCacheOptions): PageCache => {
  const pages = new LRUCache<string, KeptPage>({
    maxSize: size,
    sizeCalculation: ({ page }, question) => page.json.byteLength + question.length + 1,
    ...(longestKept === undefined ? {} : { ttl: longestKept })
  })
  const asked = new LRUCache<string, true>({ max: mostAsked })
  return {
    get: async (query, frame, source) => {
      const question = JSON.stringify(query)
      if (asked.get(question) === undefined) {
        asked.set(question, true)
        return source.read()
      }
      // Before the page is read: one that is read while statements change is never taken for what follows the change.
      const revision = await source.revision()
      const kept = pages.get(question)
      const isSame =
        kept?.revision === revision && kept.before === frame.before && kept.after === frame.after(kept.page.end)
      if (isSame) return kept.page
      const page = await source.read()
      pages.set(question, { page, revision, before: frame.before, after: frame.after(page.end) })
      return page
    }
  }
}
