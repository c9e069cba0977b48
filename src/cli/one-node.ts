import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../contracts/log.ts'
import type { Registry } from '../contracts/registry.ts'
import { messageOf, RalphError } from '../errors.ts'

export interface OneNodeOptions {
  /** Keys of locks, all of which are needed. */
  readonly keys: readonly string[]
  /** Milliseconds after which the locks of a node that died pass on. */
  readonly ttl: number
  /** Whether to wait until another node lets go of a lock; otherwise it is `STORE_IN_USE`. */
  readonly waits: boolean
  readonly log: Log
  readonly signal: AbortSignal
}

/** Milliseconds within which a lock that nobody holds is got. */
const patience = 2000

/** Milliseconds until a registry that was away is asked again. */
const pause = 1000

const isAway = (error: unknown): boolean => error instanceof RalphError && error.code === 'REGISTRY_UNREACHABLE'

const isHeld = (error: unknown): boolean => error instanceof RalphError && error.code === 'CANNOT_LOCK'

/**
 * Works while this node, of all that share the registry, holds the locks. When one is lost, the work is stopped, and begun
 * again once all are held again.
 */
export const onOneNode = async <Result>(
  registry: Registry,
  { keys, ttl, waits, log, signal }: OneNodeOptions,
  work: (signal: AbortSignal) => Promise<Result>
): Promise<Result> => {
  // In one order, so that no two nodes wait for each other.
  const locks = keys.toSorted().map((key) => ({ key, lock: registry.newLock(key, { ttl }) }))
  const take = async ({ key, lock }: (typeof locks)[number]): Promise<AbortSignal> => {
    try {
      return await lock.lock(AbortSignal.any([signal, AbortSignal.timeout(patience)]))
    } catch (error) {
      if (!isHeld(error) || signal.aborted) throw error
      const held = `another node holds the lock ${key} at ${registry.place}`
      if (!waits) throw new RalphError('STORE_IN_USE', held, { key })
      log.info(`Waiting: ${held}`)
      return lock.lock(signal)
    }
  }
  let wasHeld = false
  const workOnce = async (): Promise<{ readonly result: Result } | undefined> => {
    const losses: AbortSignal[] = []
    for (const each of locks) losses.push(await take(each))
    wasHeld = true
    const lost = AbortSignal.any(losses)
    try {
      const result = await work(AbortSignal.any([signal, lost]))
      if (!lost.aborted) return { result }
    } catch (error) {
      if (!lost.aborted || signal.aborted) throw error
    }
    log.warn(`A lock was lost: ${registry.place} was away, or its key was deleted`)
    return undefined
  }
  for (;;) {
    try {
      const done = await workOnce()
      if (done !== undefined) return done.result
    } catch (error) {
      signal.throwIfAborted()
      // A registry that was there once comes back.
      if (!wasHeld || !waits || !isAway(error)) throw error
      log.warn(`Waiting: ${messageOf(error)}`)
      await wait(pause, undefined, { signal }).catch(() => {})
    } finally {
      for (const { lock } of locks) await lock.unlock().catch(() => {})
    }
  }
}
