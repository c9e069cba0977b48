import type { BackendStatus } from '../contracts/lrs-backend.ts'
import { messageOf, RalphError } from '../errors.ts'

/** Milliseconds after which an engine that does not answer counts as unreachable. */
const patience = 3000

export interface StatusOptions {
  readonly signal?: AbortSignal | undefined
  /** The name and the address of an engine that may hang. Undefined if the caller sets a time limit. */
  readonly engine?: string
  /** Turns an error of the driver into an error of Ralph. */
  readonly translate?: (error: unknown) => unknown
}

/** The status that `ask` resolves with; `ok` for undefined. Rejects with the reason of the signal. */
export const statusByAsking = async (
  ask: (signal: AbortSignal) => Promise<BackendStatus | undefined>,
  { signal, engine, translate = (error) => error }: StatusOptions = {}
): Promise<BackendStatus> => {
  const limit = engine === undefined ? undefined : AbortSignal.timeout(patience)
  try {
    const answer = await ask(AbortSignal.any([signal, limit].filter((each) => each !== undefined)))
    return answer ?? { state: 'ok' }
  } catch (thrown) {
    signal?.throwIfAborted()
    if (limit?.aborted) return { state: 'away', detail: `${engine} does not answer` }
    const error = translate(thrown)
    const isAway = !(error instanceof RalphError) || error.code === 'STORE_UNAVAILABLE'
    return { state: isAway ? 'away' : 'error', detail: messageOf(error) }
  }
}
