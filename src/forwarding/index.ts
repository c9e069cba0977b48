import type { Clock } from '../contracts/clock.ts'
import type { Forwardings } from '../contracts/forwardings.ts'
import type { Log } from '../contracts/log.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { PartStatus } from '../contracts/part.ts'
import type { Lock } from '../contracts/registry.ts'
import { messageOf } from '../errors.ts'
import { pause, type RetryPlan } from '../network/retry.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import { forwardStatements } from './forward.ts'
import { createLetters, type ForwardingRun } from './letters.ts'
import { createReceiver } from './receiver.ts'
import { openRecords } from './records.ts'
import { createState } from './state.ts'

export interface ForwardingsOptions {
  readonly forwardings: readonly Forwarding[]
  readonly storeOf: (target: string | undefined) => Promise<LrsStore>
  /** The lock with which several servers of a store share the work. Undefined: no other server can have this store. */
  readonly lockOf: ((store: LrsStore, name: string) => Lock) | undefined
  readonly clock: Clock
  readonly log: Log
  /** Version of Ralph. */
  readonly version: string
  readonly pauses?: RetryPlan
}

export interface RunningForwardings extends Forwardings {
  /** Resolves when each forwarding knows its position, or knows that it cannot find it yet. */
  readonly begun: Promise<void>
  health(): PartStatus
  /** Waits this many milliseconds for running requests. */
  stop(patience: number): Promise<void>
}

/** Without end: a receiver may be unreachable for days. */
const usualPauses: RetryPlan = { attempts: Number.POSITIVE_INFINITY, firstPause: 500, longestPause: 60_000 }

/** The lock of one forwarding in its store. */
export const lockKeyOf = (name: string) =>
  ({ kind: 'activity-profile', activity: 'forwarding-lock', id: name }) as const

export const startForwardings = (options: ForwardingsOptions): RunningForwardings => {
  const { forwardings, storeOf, lockOf, clock, log, version, pauses = usualPauses } = options
  const [stopping, givingUp] = [new AbortController(), new AbortController()]
  const runs: readonly ForwardingRun[] = forwardings.flatMap((forwarding) => {
    const receiver = createReceiver({ forwarding, version })
    return forwarding.targets.map((target) => ({
      forwarding,
      receiver,
      target,
      state: createState(forwarding, target, { clock, log })
    }))
  })

  /** Until the lock is lost, or everything stops. */
  const forwardUnder = async (
    { forwarding, receiver, target, state }: ForwardingRun,
    lost?: AbortSignal
  ): Promise<void> => {
    const until = (signal: AbortSignal): AbortSignal => (lost === undefined ? signal : AbortSignal.any([signal, lost]))
    await forwardStatements({
      forwarding,
      receiver,
      store: () => storeOf(target),
      clock,
      pauses,
      stopping: until(stopping.signal),
      giveUp: until(givingUp.signal),
      progress: state.progress
    })
  }

  const forwardAlone = async (run: ForwardingRun): Promise<void> => {
    const { forwarding, target, state } = run
    const { signal } = stopping
    while (!signal.aborted) {
      try {
        const store = await storeOf(target)
        const lock = lockOf?.(store, forwarding.name)
        if (lock === undefined) return await forwardUnder(run)
        // Statements stored before this moment are before `now`, whichever server gets the lock.
        await openRecords(store, forwarding.name, forwarding.begin).position.read()
        state.progress.elsewhere()
        const lost = await lock.lock(signal)
        await forwardUnder(run, lost)
        await lock.unlock()
      } catch (error) {
        if (signal.aborted) return
        state.progress.trouble(`the store of this server: ${messageOf(error)}`, undefined)
        await pause(pauses.firstPause, signal).catch(() => {})
      }
    }
  }

  const active = runs.filter(({ forwarding }) => forwarding.isActive)
  const running = active.map(forwardAlone)

  return {
    begun: Promise.all(active.map(({ state }) => state.begun)).then(() => {}),
    ...createLetters(runs, { storeOf, clock, stopping: stopping.signal }),
    health: () => {
      const unwell = active.flatMap(({ state }) => state.unwell() ?? [])
      if (unwell.length === 0) return { state: 'ok' }
      return {
        state: 'degraded',
        detail: unwell.map(({ detail }) => detail).join('; '),
        hint: unwell.map(({ hint }) => hint).join('; ')
      }
    },
    stop: async (patience) => {
      stopping.abort()
      const timer = setTimeout(() => givingUp.abort(), patience)
      await Promise.all(running)
      clearTimeout(timer)
      for (const { state } of runs) state.close()
    }
  }
}
