import type { Clock } from '../contracts/clock.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import { messageOf } from '../errors.ts'
import { backOff, pause, type RetryPlan } from '../network/retry.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import type { Position } from '../xapi/filters.ts'
import { decodePosition, encodePosition } from '../xapi/position.ts'
import { formatMicros, type Micros } from '../xapi/timestamp.ts'
import { deliver } from './deliver.ts'
import type { Receiver } from './receiver.ts'
import { openRecords } from './records.ts'
import { matching, type Outgoing } from './request.ts'

/** Called for the events of one forwarding of one store. */
export interface ForwardProgress {
  /** All statements up to this one were delivered or refused. */
  reached(position: Position): void
  /** Statements are being delivered. The first of them has this `stored`. */
  working(oldest: Micros): void
  delivered(count: number): void
  /** `isNew`: it was not a dead letter before. */
  refused(id: string, reason: string, isNew: boolean): void
  /** Something is unreachable or wrong, and is tried again. `oldest`: `stored` of the first statement that waits. */
  trouble(detail: string, oldest: Micros | undefined): void
  /** It works, or works again. */
  well(): void
  /** The number of dead letters. */
  deadLetters(count: number): void
}

export interface ForwardOptions {
  readonly forwarding: Forwarding
  readonly store: () => Promise<LrsStore>
  readonly receiver: Receiver
  readonly clock: Clock
  readonly pauses: RetryPlan
  readonly stopping: AbortSignal
  readonly giveUp: AbortSignal
  readonly progress: ForwardProgress
}

/**
 * Forwards the present and future statements of a store until it is told to stop. The position is written after the receiver has
 * the statements, so none is left out. A statement that is sent again has an id that the receiver knows.
 */
export const forwardStatements = async (options: ForwardOptions): Promise<void> => {
  const { forwarding, receiver, clock, pauses, stopping, giveUp, progress } = options

  const run = async (): Promise<void> => {
    const store = await options.store()
    const records = openRecords(store, forwarding.name, forwarding.begin)
    const begin = await records.position.read()
    if (begin !== undefined) progress.reached(begin)
    progress.deadLetters((await records.deadIds()).length)
    progress.well()
    let written = begin
    const advance = async (position: Position): Promise<void> => {
      if (written?.id === position.id && written.stored === position.stored) return
      await records.position.advance(position)
      written = position
      progress.reached(position)
    }
    const after = begin && encodePosition(begin)
    const batches = store.statements.follow(after, { signal: stopping, limit: forwarding.batchSize })
    for await (const { statements, position } of batches) {
      const sent = matching(statements, forwarding.conditions)
      /** The last statement that was delivered or refused, like all before it. */
      let done: Outgoing | undefined
      let count = 0
      const [first] = sent
      if (first !== undefined) progress.working(first.stored.stored)
      const finish = (outgoing: readonly Outgoing[]): void => {
        done = outgoing.at(-1) ?? done
        count += outgoing.length
      }
      const advanceToDone = async (): Promise<void> => {
        if (done !== undefined) await advance({ stored: done.stored.stored, id: done.stored.id })
      }
      await deliver(sent, {
        store,
        receiver,
        pauses,
        stopping,
        giveUp,
        onDelivered: (outgoing) => {
          finish(outgoing)
          progress.delivered(outgoing.length)
          progress.well()
        },
        onRefused: async (outgoing, reason) => {
          const isNew = await records.refuse({ id: outgoing.stored.id, reason, time: formatMicros(clock()) })
          finish([outgoing])
          progress.refused(outgoing.stored.id, reason, isNew)
          progress.well()
        },
        onTrouble: async (reason, first) => {
          progress.trouble(reason, first.stored.stored)
          await advanceToDone()
        }
      })
      if (count < sent.length) return advanceToDone()
      await advance(decodePosition(position))
      progress.well()
    }
  }

  for (let failures = 1; !stopping.aborted; failures += 1) {
    const begun = performance.now()
    try {
      await run()
    } catch (error) {
      if (stopping.aborted) return
      // If it worked for a while before the failure, the pauses begin again with the shortest.
      if (performance.now() - begun > pauses.longestPause) failures = 1
      progress.trouble(`the store of this server: ${messageOf(error)}`, undefined)
      await pause(backOff(Math.min(failures, 30), pauses), stopping).catch(() => {})
    }
  }
}
