import type { Clock } from '../contracts/clock.ts'
import type { RefusedStatement, ReplayReport } from '../contracts/forwardings.ts'
import type { LrsStore } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import { formatMicros } from '../xapi/timestamp.ts'
import type { Receiver } from './receiver.ts'
import type { ForwardingRecords } from './records.ts'
import { bodyOf, matching } from './request.ts'

export interface Replaying {
  readonly store: LrsStore
  readonly receiver: Receiver
  readonly records: ForwardingRecords
  readonly clock: Clock
  readonly target: string | undefined
}

/** Sends dead letters again, one by one. A delivered one, or one whose statement no longer exists, is removed. */
export const replayLetters = async (
  { store, receiver, records, clock, target }: Replaying,
  ids: readonly string[] | undefined,
  signal: AbortSignal
): Promise<ReplayReport> => {
  const present = await records.deadIds()
  const chosen = ids === undefined ? present : present.filter((id) => ids.includes(id))
  const refused: RefusedStatement[] = []
  let delivered = 0
  for (const id of chosen) {
    signal.throwIfAborted()
    const { statements } = await store.statements.findAll([id])
    const [outgoing] = matching(statements, [])
    if (outgoing === undefined) {
      await records.forget(id)
      continue
    }
    const verdict = await receiver.send([outgoing], await bodyOf([outgoing], store), signal)
    if (verdict.kind === 'trouble') {
      throw new RalphError('STORE_UNAVAILABLE', `${verdict.reason}. ${delivered} were delivered before.`, {
        delivered
      })
    }
    if (verdict.kind === 'accepted') {
      await records.forget(id)
      delivered += 1
      continue
    }
    const letter = { id, reason: verdict.reason, time: formatMicros(clock()) }
    await records.refuse(letter)
    refused.push(target === undefined ? letter : { ...letter, target })
  }
  return { delivered, refused }
}
