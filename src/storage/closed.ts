import type { BackendStatus } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'

const message = 'the store is closed'

/** The error of a store that was told to close. `what` names it if there are several. */
export const storeClosed = (what?: string, cause?: unknown): RalphError =>
  what === undefined
    ? new RalphError('STORE_UNAVAILABLE', message, {}, { cause })
    : new RalphError('STORE_UNAVAILABLE', `${what}: ${message}`, { path: what }, { cause })

export const statusOfClosed: BackendStatus = { state: 'away', detail: message }
