import type { BackendStatus } from '../contracts/lrs-backend.ts'
import type { CallOptions } from '../contracts/statement-store.ts'
import { messageOf } from '../errors.ts'

/** Milliseconds after which a backend that does not answer counts as unreachable. */
const patience = 15_000

/** The status of a backend, also if it throws or does not answer. */
export const statusOf = async (
  backend: { status(options?: CallOptions): Promise<BackendStatus> },
  name: string,
  signal: AbortSignal
): Promise<BackendStatus> => {
  const late = AbortSignal.timeout(patience)
  const isLate = new Promise<BackendStatus>((resolve) => {
    late.addEventListener('abort', () =>
      resolve({ state: 'away', detail: `${name} did not answer within ${patience / 1000} s` })
    )
  })
  const asked = backend.status({ signal: AbortSignal.any([signal, late]) }).catch((error: unknown): BackendStatus => {
    signal.throwIfAborted()
    return { state: 'error', detail: messageOf(error) }
  })
  return Promise.race([asked, isLate])
}

export const statusLine = (status: BackendStatus): string =>
  status.state === 'ok' ? 'ok' : `${status.state}: ${status.detail}`
