import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { Lock } from '../contracts/registry.ts'
import type { StoredStatement } from '../contracts/statement-store.ts'
import { encodePosition } from '../xapi/position.ts'
import { type DurablePosition, openDurablePosition } from './durable-position.ts'

const positionKeyOf = (id: string) => ({ kind: 'activity-profile', activity: 'announced', id }) as const

/** The lock of those who announce to one place. */
export const announcingLockKey = (id: string) =>
  ({ kind: 'activity-profile', activity: 'announcing-lock', id }) as const

export interface AnnounceOptions {
  readonly storeOf: () => Promise<LrsStore>
  /** So that of several servers of a store one announces. Undefined: no other server can have this store. */
  readonly lockOf: ((store: LrsStore) => Lock) | undefined
  /** Of the position: what is announced elsewhere has a position of its own. */
  readonly name: string
  /** Where announcing begins if there is no position yet. */
  readonly begin: 'first' | 'now'
  readonly signal: AbortSignal
  /** Announces all of them, in order. Calls `told` for each statement that is confirmed. Rejects if one is not. */
  announce(statements: readonly StoredStatement[], told: (statement: StoredStatement) => void): Promise<void>
  /** All statements stored so far are announced, or will be, perhaps by another server. */
  onProgress(): void
  /** The announcement failed. Resolves when it is to be tried again, or at once when the signal is aborted. */
  afterFailure(error: unknown): Promise<void>
}

/** The most statements that are announced before the position is recorded. */
const batchSize = 100

/**
 * Announces every statement of a store, in the order of `stored`, until the signal is aborted. No statement is left out. A
 * statement is announced twice only if the process or the broker dies before the position is recorded.
 */
export const announceStatements = async (options: AnnounceOptions): Promise<void> => {
  const { storeOf, lockOf, name, begin, signal, announce, onProgress, afterFailure } = options
  /** Confirmed, and after the position: not announced again when the rest of their batch is. */
  const confirmed = new Set<string>()

  const announceBatch = async (batch: readonly StoredStatement[], position: DurablePosition): Promise<void> => {
    try {
      const left = batch.filter(({ id }) => !confirmed.has(id))
      if (left.length > 0) await announce(left, ({ id }) => confirmed.add(id))
    } finally {
      const first = batch.findIndex(({ id }) => !confirmed.has(id))
      const last = first < 0 ? batch.at(-1) : batch[first - 1]
      if (last !== undefined) await position.advance(last)
    }
    confirmed.clear()
  }

  /** Until an announcement fails, or the signal is aborted. */
  const announceAll = async (store: LrsStore, position: DurablePosition, until: AbortSignal): Promise<void> => {
    const from = await position.read()
    onProgress()
    const after = from && encodePosition(from)
    for await (const { statements } of store.statements.follow(after, { signal: until, limit: batchSize })) {
      await announceBatch(statements, position)
      if (until.aborted) return
      onProgress()
    }
  }

  while (!signal.aborted) {
    try {
      const store = await storeOf()
      const position = openDurablePosition(store, positionKeyOf(name), begin)
      const lock = lockOf?.(store)
      if (lock === undefined) {
        await announceAll(store, position, signal)
        continue
      }
      // Whoever gets the lock, what was stored before this moment was stored before `now`.
      await position.read()
      onProgress()
      const lost = await lock.lock(signal)
      try {
        await announceAll(store, position, AbortSignal.any([signal, lost]))
      } finally {
        await lock.unlock()
      }
    } catch (error) {
      if (!signal.aborted) await afterFailure(error)
    }
  }
}
