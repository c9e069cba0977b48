import type { BackendStatus } from '../contracts/lrs-backend.ts'
import { messageOf, RalphError } from '../errors.ts'

/** Milliseconds after which an engine that says nothing is away. */
const patience = 3000

export interface StatusOptions {
  readonly signal?: AbortSignal | undefined
  /** Its name and address, for an engine that may hang; undefined: whoever asks sets a limit. */
  readonly engine?: string
  /** Says in Ralph's terms what the driver threw. */
  readonly translate?: (error: unknown) => unknown
}

/** How a backend is: as `ask` says, or well when it resolves with nothing. Rejects with the reason of the signal. */
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
