import type { BackendStatus } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'

/** What an error of a backend says of it. */
export const statusOfError = ({ code, message }: RalphError): BackendStatus => ({
  state: code === 'STORE_UNAVAILABLE' ? 'away' : 'error',
  detail: message
})

/** How a backend is that is well when `ask` resolves. Rejects with the reason of `signal`, and with defects. */
export const statusByAsking = async (
  ask: () => Promise<unknown>,
  signal: AbortSignal | undefined
): Promise<BackendStatus> => {
  try {
    await ask()
    return { state: 'ok' }
  } catch (error) {
    signal?.throwIfAborted()
    if (!(error instanceof RalphError)) throw error
    return statusOfError(error)
  }
}
