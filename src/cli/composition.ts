import type { Log } from '../contracts/log.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { ErrorCode } from '../errors.ts'
import type { Group } from '../settings/define.ts'
import type { Sources } from '../settings/sources.ts'

/** What the commands are handed by `main.ts`, because they may not reach for it themselves. */
export interface Composition {
  readonly backends: readonly { readonly name: string; readonly summary: string; readonly settings: Group }[]
  /** HTTP status of each error. */
  readonly errorStatus: { readonly [code in ErrorCode]: number }
  /** Opens a backend with the settings it has as an LRS; whoever opens it closes it. */
  openBackend(name: string, sources: Sources, appDir: string, log: Log): Promise<LrsBackend>
  /** Starts the server; resolves when it listens. */
  serve(sources: Sources): Promise<void>
}
