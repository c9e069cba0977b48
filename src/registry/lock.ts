import { randomUUID } from 'node:crypto'
import type { Lock, LockOptions } from '../contracts/registry.ts'
import { heldAlready, waitEnded } from './keys.ts'
import { isUnreachable, rest } from './watching.ts'

/** A lock that is held at a server. */
export interface LockHold {
  /** Says that its holder lives; false: it is lost. */
  renew(): Promise<boolean>
  /** Lets go of it, unless it is somebody else's already. */
  release(): Promise<void>
}

/** What a provider does for a lock. */
export interface LockTries {
  /** One try; undefined: somebody else holds it. */
  take(value: Uint8Array, ttl: number): Promise<LockHold | undefined>
  /** Resolves when it may have become free, or with the signal. */
  changed(signal: AbortSignal): Promise<void>
}

export const defaultTtl = 20_000

/** So often within its TTL a lock is renewed. */
const renewals = 4

interface Held {
  readonly hold: LockHold
  stop(): void
}

/**
 * Renews until `stop`. A lock is lost when the server says so, or when no renewal has succeeded for a TTL: the server then
 * counts its holder as dead, whatever the holder thinks.
 */
const keep = (hold: LockHold, ttl: number, since: number, lost: AbortController): Held => {
  const stopped = new AbortController()
  const lose = (): void => {
    stopped.abort()
    lost.abort()
  }
  const remaining = (from: number): number => Math.max(0, from + ttl - performance.now())
  let deadline = setTimeout(lose, remaining(since))
  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await rest(ttl / renewals, stopped.signal)
      if (stopped.signal.aborted) return
      const asked = performance.now()
      try {
        if (!(await hold.renew())) return stopped.signal.aborted ? undefined : lose()
        clearTimeout(deadline)
        if (!stopped.signal.aborted) deadline = setTimeout(lose, remaining(asked))
      } catch {
        // Tried again soon; the deadline stands meanwhile.
      }
    }
  }
  void run()
  return {
    hold,
    stop: () => {
      stopped.abort()
      clearTimeout(deadline)
    }
  }
}

/** All locks of one registry, so that closing it lets go of them. */
export const createLocks = () => {
  const held = new Set<Lock>()
  const newLock = (key: string, tries: LockTries, { value, ttl = defaultTtl }: LockOptions): Lock => {
    let state: 'free' | 'waiting' | Held = 'free'
    const content = value ?? Buffer.from(randomUUID())
    const take = async (signal: AbortSignal): Promise<{ readonly hold: LockHold; readonly since: number }> => {
      let wasReached = false
      for (;;) {
        if (signal.aborted) throw waitEnded(key)
        try {
          const since = performance.now()
          const hold = await tries.take(content, ttl)
          if (hold !== undefined && signal.aborted) await hold.release()
          if (hold !== undefined && !signal.aborted) return { hold, since }
          wasReached = true
          await tries.changed(signal)
        } catch (error) {
          if (signal.aborted) throw waitEnded(key)
          if (!wasReached || !isUnreachable(error)) throw error
          await rest(250, signal)
        }
      }
    }
    const lock: Lock = {
      lock: async (signal = new AbortController().signal) => {
        if (state !== 'free') throw heldAlready(key)
        state = 'waiting'
        try {
          const { hold, since } = await take(signal)
          const lost = new AbortController()
          state = keep(hold, ttl, since, lost)
          held.add(lock)
          return lost.signal
        } finally {
          if (state === 'waiting') state = 'free'
        }
      },
      unlock: async () => {
        if (typeof state === 'string') return
        const { hold, stop } = state
        state = 'free'
        held.delete(lock)
        stop()
        await hold.release()
      }
    }
    return lock
  }
  return {
    newLock,
    /** Lets go of all; one that cannot be let go of ends with its TTL. */
    unlockAll: async (): Promise<void> => {
      await Promise.allSettled([...held].map((lock) => lock.unlock()))
    }
  }
}
