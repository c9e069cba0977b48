import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part } from '../contracts/part.ts'
import { openWhenReady } from '../storage/open-when-ready.ts'
import { observeBackend } from '../telemetry/observed-backend.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'

export interface DatabaseOptions {
  readonly open: () => Promise<LrsBackend>
  /** Seconds to wait for an engine that is not ready. */
  readonly patience: number
  warn(message: string): void
  /** Undefined: nobody is told of calls to the stores. */
  readonly telemetry?: Part<Telemetry> | undefined
}

/** The backend that keeps the statements. */
export const databasePart = ({ open, patience, warn, telemetry }: DatabaseOptions): Part<LrsBackend> => ({
  // The name in the heartbeat of Python Ralph.
  name: 'database',
  start: async ({ signal, use }) => {
    const backend = await openWhenReady(open, { patience, warn, signal })
    const service = telemetry === undefined ? backend : observeBackend(backend, use(telemetry))
    return { service, stop: () => backend.close(), health: (options) => backend.status(options) }
  }
})
