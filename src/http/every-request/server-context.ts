import { authenticateBy } from '../authentication.ts'
import { createBudget } from '../budget.ts'
import type { ServerDependencies } from '../dependencies.ts'
import type { Replying } from '../errors.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { createFaultLog } from './fault-log.ts'
import { RequestLog } from './request-log.ts'
import { shareHealth, shareStatus } from './share-status.ts'

/** What the server itself needs, and does not give to its plugins. */
export interface ServerContext extends HttpContext {
  readonly plugins: readonly HttpPlugin[]
  readonly requests: RequestLog
  readonly replying: Replying
}

export const createServerContext = (
  dependencies: ServerDependencies,
  plugins: readonly HttpPlugin[]
): ServerContext => {
  const { settings, logger, authenticators, backend } = dependencies
  const statusOfStore = shareStatus(() => backend.status(), 'The store', logger)
  return {
    ...dependencies,
    plugins,
    publicPath: settings.publicUrl === undefined ? '' : new URL(settings.publicUrl).pathname.replace(/\/$/, ''),
    statusOfStore,
    health: shareHealth(statusOfStore, dependencies.parts ?? (() => new Map()), logger),
    authenticate: authenticateBy(authenticators),
    budget: createBudget({
      limit: settings.maxBytesInFlight,
      setting: 'RALPH_RUNSERVER_MAX_BYTES_IN_FLIGHT',
      what: 'bodies and answers'
    }),
    requests: new RequestLog(logger, settings.accessLog),
    replying: {
      limit: settings.maxBodySize,
      faults: createFaultLog(logger),
      challenges: authenticators.challenges,
      onRefused: dependencies.telemetry?.metrics?.refused
    }
  }
}
