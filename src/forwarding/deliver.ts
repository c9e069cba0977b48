import type { LrsStore } from '../contracts/lrs-backend.ts'
import { backOff, pause, type RetryPlan } from '../network/retry.ts'
import type { DeliveryVerdict, Receiver } from './receiver.ts'
import { bodyOf, type Outgoing, requestsOf } from './request.ts'

export interface DeliverOptions {
  readonly store: Pick<LrsStore, 'attachments'>
  readonly receiver: Receiver
  /** Pauses between attempts, without end. Only the refusal of a single statement is final. */
  readonly pauses: RetryPlan
  /** Aborted: nothing new is begun. */
  readonly stopping: AbortSignal
  /** Aborted: running requests are given up too. */
  readonly giveUp: AbortSignal
  /** In order. The receiver has stored them. */
  onDelivered(statements: readonly Outgoing[]): void
  /** The receiver refused this statement for good. */
  onRefused(statement: Outgoing, reason: string): Promise<void>
  /** Called before a pause. `first` is the first statement that is not delivered yet. */
  onTrouble(reason: string, first: Outgoing): Promise<void>
}

/** After this many failed attempts, a request that one statement may spoil is sent in halves. */
const attemptsTogether = 3

/**
 * Delivers statements in order, however long it takes. A refused request is sent again in halves until the refused statement is
 * found. Ends early, without an error, when it is told to stop.
 */
export const deliver = async (statements: readonly Outgoing[], options: DeliverOptions): Promise<void> => {
  const { store, receiver, pauses, stopping, giveUp, onDelivered, onRefused, onTrouble } = options

  const rest = async (attempt: number, { wait }: Extract<DeliveryVerdict, { kind: 'trouble' }>): Promise<void> => {
    const own = backOff(Math.min(attempt, 30), pauses)
    await pause(Math.max(own, wait ?? 0), stopping).catch((error: unknown) => {
      if (!stopping.aborted) throw error
    })
  }

  const inHalves = async (sent: readonly Outgoing[]): Promise<void> => {
    const middle = Math.ceil(sent.length / 2)
    await send(sent.slice(0, middle))
    await send(sent.slice(middle))
  }

  const send = async (sent: readonly Outgoing[]): Promise<void> => {
    const [first] = sent
    if (first === undefined) return
    for (let attempt = 1; !stopping.aborted; attempt += 1) {
      const verdict = await receiver.send(sent, await bodyOf(sent, store), giveUp)
      if (verdict.kind === 'accepted') return onDelivered(sent)
      if (verdict.kind === 'refused') {
        return sent.length === 1 ? onRefused(first, verdict.reason) : inHalves(sent)
      }
      await onTrouble(verdict.reason, first)
      await rest(attempt, verdict)
      if (verdict.isPerhapsOne && attempt >= attemptsTogether && sent.length > 1) return inHalves(sent)
    }
  }

  for (const request of requestsOf(statements)) {
    if (stopping.aborted) return
    await send(request)
  }
}
