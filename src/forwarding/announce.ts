import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { StoredStatement } from '../contracts/statement-store.ts'
import type { Position } from '../xapi/filters.ts'
import { encodePosition } from '../xapi/position.ts'
import { openDurablePosition } from './durable-position.ts'

const positionKeyOf = (id: string) => ({ kind: 'activity-profile', activity: 'announced', id }) as const

export interface AnnounceOptions {
  /** Of the position: what is announced elsewhere has a position of its own. */
  readonly name: string
  /** Where announcing begins when there is no position. */
  readonly begin: 'first' | 'now'
  readonly signal: AbortSignal
  /** Announces all of them, in order. Calls `told` for each statement that is confirmed. Rejects if one is not. */
  announce(statements: readonly StoredStatement[], told: (statement: StoredStatement) => void): Promise<void>
  /** All statements stored so far are announced, or will be. */
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
export const announceStatements = async (store: LrsStore, options: AnnounceOptions): Promise<void> => {
  const { name, begin, signal, announce, onProgress, afterFailure } = options
  const durable = openDurablePosition(store, positionKeyOf(name), begin)

  /** Retries until it succeeds, or the signal is aborted. */
  const insist = async <Result>(attempt: () => Promise<Result>): Promise<Result> => {
    for (;;) {
      try {
        return await attempt()
      } catch (error) {
        await afterFailure(error)
        if (signal.aborted) throw error
      }
    }
  }

  /** The last statement up to which all are confirmed. Undefined: the first one is not. */
  const tellOf = async (batch: readonly StoredStatement[]): Promise<StoredStatement | undefined> => {
    const waiting = new Set(batch)
    await insist(() => announce([...waiting], (each) => waiting.delete(each))).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    const first = batch.findIndex((each) => waiting.has(each))
    return first < 0 ? batch.at(-1) : batch[first - 1]
  }

  let position: Position | undefined
  let isRead = false
  while (!signal.aborted) {
    try {
      if (!isRead) position = await durable.read()
      isRead = true
      onProgress()
      const after = position && encodePosition(position)
      for await (const { statements } of store.statements.follow(after, { signal, limit: batchSize })) {
        const last = await tellOf(statements)
        if (last !== undefined) {
          position = last
          await insist(() => durable.advance(last))
        }
        if (signal.aborted) return
        onProgress()
      }
    } catch (error) {
      if (signal.aborted) return
      await afterFailure(error)
    }
  }
}
