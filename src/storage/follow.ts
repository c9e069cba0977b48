import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { StatementPage, StatementStore } from '../contracts/statement-store.ts'
import type { StoreCopy } from '../contracts/store-copy.ts'
import type { StoreRewriting } from '../contracts/store-rewriting.ts'
import type { Position } from '../xapi/filters.ts'
import { decodePosition, encodePosition } from '../xapi/position.ts'
import { storeClosed } from './closed.ts'

/** The store that an engine opens for one target. It lacks `follow`, which is the same on every engine. */
export interface EngineStore extends Omit<LrsStore, 'statements'> {
  readonly statements: Omit<StatementStore, 'follow'>
  /**
   * `follow` reads its pages of statements. Two invariants of every engine make this right. A batch becomes visible in one
   * step. Each of its statements has a later `stored` than every statement that was visible before, from any process. So
   * no statement can appear before the end of a page that was read.
   */
  readonly copy: StoreCopy
  readonly rewriting: StoreRewriting
}

export interface FollowableStore {
  readonly store: LrsStore
  /** Tells every follower that the store is closing. */
  end(): void
}

/** Milliseconds between two searches for statements that another process may have stored. */
const interval = 1000

const defaultLimit = 100

interface Arrivals {
  /** Something may have been stored. */
  arrived(): void
  /** How often something may have been stored so far. */
  count(): number
  end(): void
  isOver(): boolean
  /** Resolves when the count has changed, at the end, when the signal is aborted, or after so many milliseconds. */
  wait(count: number, milliseconds: number, signal: AbortSignal): Promise<void>
}

const createArrivals = (): Arrivals => {
  const waiting = new Set<() => void>()
  let counted = 0
  let isOver = false
  const wake = (): void => {
    for (const each of waiting) each()
  }
  return {
    arrived: () => {
      counted += 1
      wake()
    },
    count: () => counted,
    end: () => {
      isOver = true
      wake()
    },
    isOver: () => isOver,
    wait: (count, milliseconds, signal) =>
      new Promise((resolve) => {
        const ready = (): void => {
          clearTimeout(timer)
          waiting.delete(ready)
          signal.removeEventListener('abort', ready)
          resolve()
        }
        const timer = setTimeout(ready, milliseconds)
        waiting.add(ready)
        signal.addEventListener('abort', ready)
        if (counted !== count || isOver || signal.aborted) ready()
      })
  }
}

const createFollow = (pageAfter: StoreCopy['statements'], arrivals: Arrivals): StatementStore['follow'] =>
  async function* (after, { signal, limit = defaultLimit, waits = true }) {
    let last: Position | undefined = after === undefined ? undefined : decodePosition(after)
    while (!signal.aborted) {
      if (arrivals.isOver()) throw storeClosed()
      const asked = performance.now()
      const count = arrivals.count()
      let page: StatementPage
      try {
        page = await pageAfter(last, limit, { signal })
      } catch (error) {
        if (signal.aborted) return
        throw error
      }
      if (signal.aborted) return
      const end = page.statements.at(-1)
      if (end !== undefined) {
        last = { stored: end.stored, id: end.id }
        yield { statements: page.statements, position: encodePosition(last) }
      }
      if (page.more) continue
      if (!waits) return
      await arrivals.wait(count, Math.max(0, asked + interval - performance.now()), signal)
    }
  }

/** Adds `follow` to the store of an engine, and wakes the followers when this process has stored something. */
export const makeFollowable = ({ statements, copy, ...store }: EngineStore): FollowableStore => {
  const arrivals = createArrivals()
  /** Wakes the followers after a failure too: the statements may have been stored. */
  const telling = async <Result>(storing: Promise<Result>): Promise<Result> => {
    try {
      return await storing
    } finally {
      arrivals.arrived()
    }
  }
  return {
    store: {
      ...store,
      statements: {
        ...statements,
        insert: (batch, options) => telling(statements.insert(batch, options)),
        follow: createFollow(copy.statements, arrivals)
      },
      copy: {
        ...copy,
        restoreStatements: (restored, attachments, options) =>
          telling(copy.restoreStatements(restored, attachments, options))
      }
    },
    end: arrivals.end
  }
}
