import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part } from '../contracts/part.ts'
import { openWhenReady } from '../storage/open-when-ready.ts'

export interface DatabaseOptions {
  readonly open: () => Promise<LrsBackend>
  /** Seconds to wait for an engine that is not ready. */
  readonly patience: number
  warn(message: string): void
}

/** The backend that keeps the statements. */
export const databasePart = ({ open, patience, warn }: DatabaseOptions): Part<LrsBackend> => ({
  // The name in the heartbeat of Python Ralph.
  name: 'database',
  start: async ({ signal }) => {
    const backend = await openWhenReady(open, { patience, warn, signal })
    return { service: backend, stop: () => backend.close(), health: (options) => backend.status(options) }
  }
})
