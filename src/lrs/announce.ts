import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { StoredStatement } from '../contracts/statement-store.ts'
import { encodePosition } from '../xapi/position.ts'

/**
 * The record `announced`: a document beside the statements, so that it is as durable as they are, and is copied and backed
 * up with them. Its scope is not an IRI, so that no request of a client can name it.
 */
const recordOf = (id: string) => ({ kind: 'activity-profile', activity: 'announced', id }) as const

/** After each id: every statement with this `stored` lies before it. */
const lastId = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

export interface AnnounceOptions {
  /** Of the record: what is announced elsewhere has a record of its own. */
  readonly name: string
  /** Where announcing begins when there is no record. */
  readonly begin: 'first' | 'now'
  readonly signal: AbortSignal
  /** Tells of all of them, in their order; calls `told` for each one that is sure to be known. Rejects when one is not. */
  announce(statements: readonly StoredStatement[], told: (statement: StoredStatement) => void): Promise<void>
  /** All that was stored so far is announced, or will be. */
  onProgress(): void
  /** Something is away; resolves when it is to be tried again, or at once when the signal is aborted. */
  afterFailure(error: unknown): Promise<void>
}

/** The most statements that are told of, and not recorded. */
const batchSize = 100

/**
 * Announces every statement of a store, in the order of `stored`, until the signal is aborted. No statement is left out,
 * whoever dies when. A statement is announced twice only when the process dies, or the broker does, between the two.
 */
export const announceStatements = async (store: LrsStore, options: AnnounceOptions): Promise<void> => {
  const { name, begin, signal, announce, onProgress, afterFailure } = options
  const key = recordOf(name)
  const { statements, documents } = store

  const write = async (position: string): Promise<void> => {
    await documents.change(key, () => ({ content: Buffer.from(position), contentType: 'text/plain' }))
  }

  const recorded = async (): Promise<string | undefined> => {
    const found = await documents.get(key)
    if (found !== undefined) return Buffer.from(found.content).toString()
    if (begin === 'first') return undefined
    const position = encodePosition({ stored: await statements.consistentThrough(), id: lastId })
    await write(position)
    return position
  }

  /** Until it succeeds, or the signal is aborted. */
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

  /** The last statement before which all are told of; undefined: not even the first one is. */
  const tellOf = async (batch: readonly StoredStatement[]): Promise<StoredStatement | undefined> => {
    const waiting = new Set(batch)
    await insist(() => announce([...waiting], (each) => waiting.delete(each))).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
    const first = batch.findIndex((each) => waiting.has(each))
    return first < 0 ? batch.at(-1) : batch[first - 1]
  }

  let position: string | undefined
  let isRead = false
  while (!signal.aborted) {
    try {
      if (!isRead) position = await recorded()
      isRead = true
      onProgress()
      for await (const { statements: batch } of statements.follow(position, { signal, limit: batchSize })) {
        const last = await tellOf(batch)
        if (last !== undefined) {
          position = encodePosition(last)
          const reached = position
          await insist(() => write(reached))
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
