import type { Clock } from '../contracts/clock.ts'
import type { ForwardingStatus, Forwardings, RefusedStatement, ReplayReport } from '../contracts/forwardings.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import { formatMicros } from '../xapi/timestamp.ts'
import type { Receiver } from './receiver.ts'
import { openRecords } from './records.ts'
import { type Replaying, replayLetters } from './replay.ts'
import type { RunState } from './state.ts'

/** One forwarding of the statements of one target. */
export interface ForwardingRun {
  readonly forwarding: Forwarding
  readonly receiver: Receiver
  readonly target: string | undefined
  readonly state: RunState
}

/** What an operator can request of running forwardings. */
export const createLetters = (
  runs: readonly ForwardingRun[],
  {
    storeOf,
    clock,
    stopping
  }: {
    readonly storeOf: (target: string | undefined) => Promise<LrsStore>
    readonly clock: Clock
    readonly stopping: AbortSignal
  }
): Forwardings => {
  const runsNamed = (name: string): readonly ForwardingRun[] => {
    const found = runs.filter(({ forwarding }) => forwarding.name === name)
    if (found.length > 0) return found
    throw new RalphError('NOT_FOUND', `There is no forwarding ${JSON.stringify(name)}.`, { name })
  }

  const replayingOf = async ({ forwarding, receiver, target }: ForwardingRun): Promise<Replaying> => {
    const store = await storeOf(target)
    return { store, receiver, records: openRecords(store, forwarding.name, forwarding.begin), clock, target }
  }

  /** A server without the lock reads what the lock holder has written. */
  const statusOf = async ({ forwarding, target, state }: ForwardingRun): Promise<ForwardingStatus> => {
    const known = state.status()
    if (known.state !== 'elsewhere' && known.state !== 'inactive') return known
    const store = await storeOf(target)
    const records = openRecords(store, forwarding.name, 'first')
    const [position, dead] = [await records.position.read(), await records.deadIds()]
    const doneThrough = position === undefined ? undefined : formatMicros(position.stored)
    return { ...known, doneThrough, deadLetters: dead.length }
  }

  const deadLetters: Forwardings['deadLetters'] = async (name, { after, limit }) => {
    const letters: RefusedStatement[] = []
    let skipping = after !== undefined
    for (const { forwarding, target } of runsNamed(name)) {
      const isStart = skipping && after?.target === target
      if (skipping && !isStart) continue
      skipping = false
      if (letters.length >= limit) break
      const records = openRecords(await storeOf(target), forwarding.name, forwarding.begin)
      const page = await records.deadLetters({ after: isStart ? after : undefined, limit: limit - letters.length })
      letters.push(...page.map((each) => (target === undefined ? each : { ...each, target })))
    }
    return letters
  }

  return {
    status: () => Promise.all(runs.map(statusOf)),
    deadLetters,
    replay: async (name, ids, signal): Promise<ReplayReport> => {
      const reports: ReplayReport[] = []
      for (const run of runsNamed(name)) {
        const replaying = await replayingOf(run)
        const until = AbortSignal.any([signal, stopping])
        reports.push(await replayLetters(replaying, ids, until))
        run.state.progress.deadLetters((await replaying.records.deadIds()).length)
      }
      return {
        delivered: reports.reduce((sum, { delivered }) => sum + delivered, 0),
        refused: reports.flatMap(({ refused }) => refused)
      }
    },
    discard: async (name, ids) => {
      let discarded = 0
      for (const run of runsNamed(name)) {
        const { records } = await replayingOf(run)
        const present = new Set(await records.deadIds())
        const chosen = [...new Set(ids)].filter((id) => present.has(id))
        for (const id of chosen) await records.forget(id)
        discarded += chosen.length
        run.state.progress.deadLetters(present.size - chosen.length)
      }
      return discarded
    }
  }
}
