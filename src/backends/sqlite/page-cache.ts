import { LRUCache } from 'lru-cache'
import type { TextPage } from '../../contracts/statement-store.ts'
import type { Participant } from './transaction.ts'

/** A page, and what it was framed with. */
export interface KeptPage {
  readonly page: TextPage
  readonly before: string
  readonly after: string
}

/**
 * Pages that have been read since statements last changed, by the question they answer: who polls a page that stays
 * the same is sent the same bytes again.
 */
export interface PageCache extends Participant {
  find(question: string): KeptPage | undefined
  /** Tells one state of the statements from another. */
  revision(): number
  /** `revision` is that of before the page was read: one that others have changed statements under is not kept. */
  keep(question: string, page: KeptPage, revision: number): void
  /** Statements change in the transaction that is open. */
  outdate(): void
}

/** A page is kept once it was asked for twice: of those who walk through a store, none is. So many are remembered. */
const mostAsked = 200

/** `size`: bytes of pages. */
export const createPageCache = (size: number): PageCache => {
  const pages = new LRUCache<string, KeptPage>({
    maxSize: size,
    sizeCalculation: ({ page }, question) => page.json.byteLength + question.length + 1
  })
  const asked = new LRUCache<string, true>({ max: mostAsked })
  let revision = 0
  let outdated = false
  return {
    find: (question) => pages.get(question),
    revision: () => revision,
    keep: (question, page, readAt) => {
      if (readAt !== revision) return
      if (asked.has(question)) pages.set(question, page)
      else asked.set(question, true)
    },
    outdate: () => {
      outdated = true
    },
    settle: () => {
      if (!outdated) return
      outdated = false
      revision += 1
      pages.clear()
    },
    discard: () => {
      outdated = false
    }
  }
}
