import type { LrsStore } from '../contracts/lrs-backend.ts'
import { backOff, pause, type RetryPlan } from '../network/retry.ts'
import type { DeliveryVerdict, Receiver } from './receiver.ts'
import { bodyOf, type Outgoing, requestsOf } from './request.ts'

export interface DeliverOptions {
  readonly store: Pick<LrsStore, 'attachments'>
  readonly receiver: Receiver
  /** Between two attempts, without end: only a verdict on one statement is final. */
  readonly pauses: RetryPlan
  /** Aborted: nothing more is begun. */
  readonly stopping: AbortSignal
  /** Aborted: requests are given up too. */
  readonly giveUp: AbortSignal
  /** In their order; the receiver has them. */
  onDelivered(statements: readonly Outgoing[]): void
  /** It will never have this one. */
  onRefused(statement: Outgoing, reason: string): Promise<void>
  /** Before a pause. `first` is the first statement that is not done with. */
  onTrouble(reason: string, first: Outgoing): Promise<void>
}

/** After so many attempts at a request that one statement may spoil, it is sent in halves. */
const attemptsTogether = 3

/**
 * Delivers statements in their order, however long it takes. A refused request is sent again in halves, until the refused statement is
 * alone. Ends early, without an error, when it is told to stop.
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
