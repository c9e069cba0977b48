import { LRUCache } from 'lru-cache'
import type { PageFrame, TextPage } from '../contracts/statement-store.ts'
import type { StatementQuery } from '../xapi/filters.ts'

/** Names a state of the statements of a store. It changes whenever they change. */
export type Revision = number | string

export interface PageSource {
  /** The present revision. It may cost a request, so it is read only for a repeated query. */
  revision(): Revision | Promise<Revision>
  read(): Promise<TextPage>
}

/** Keeps pages by their query. A client that polls an unchanged page gets the same bytes. */
export interface PageCache {
  get(query: StatementQuery, frame: PageFrame, source: PageSource): Promise<TextPage>
}

export interface PageCacheOptions {
  /** The most bytes of pages. */
  readonly size?: number
  /** Another program may change statements without a new revision, so pages are kept only for a short time. */
  readonly isShared?: boolean
}

interface KeptPage {
  readonly page: TextPage
  readonly revision: Revision
  readonly before: string
  readonly after: string
}

/** A page is kept when it is asked for twice, so reading a whole store keeps none. This many queries are remembered. */
const mostAsked = 200

/** The most bytes of pages of one store, by default. */
const defaultSize = 2_000_000

/** Milliseconds after which a page is read again, if another program may have changed a statement in it. */
const longestKept = 5000

export const createPageCache = ({ size = defaultSize, isShared = false }: PageCacheOptions = {}): PageCache => {
  const pages = new LRUCache<string, KeptPage>({
    maxSize: size,
    sizeCalculation: ({ page }, question) => page.json.byteLength + question.length + 1,
    ...(isShared ? { ttl: longestKept } : {})
  })
  const asked = new LRUCache<string, true>({ max: mostAsked })
  return {
    get: async (query, frame, source) => {
      const question = JSON.stringify(query)
      if (asked.get(question) === undefined) {
        asked.set(question, true)
        return source.read()
      }
      // Read before the page. If statements change meanwhile, the page counts as old, never as new.
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
