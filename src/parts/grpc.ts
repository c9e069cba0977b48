import type { Imports } from '../contracts/imports.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part } from '../contracts/part.ts'
import type { GrpcServer } from '../grpc/server.ts'
import { lrsRulesOf } from '../settings/lrs-rules.ts'
import type { GrpcSettings, ServerSettings } from '../settings/settings.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { authenticatorsOf, type LoginParts } from './access.ts'

export interface GrpcOptions extends LoginParts {
  readonly grpc: GrpcSettings
  readonly settings: ServerSettings
  readonly logger: Logger
  readonly database: Part<LrsBackend>
  /** Undefined: this server does not run imports. */
  readonly imports: Part<Imports> | undefined
  readonly newId: () => string
  /** The version of Ralph. */
  readonly version: string
  /** Undefined: nobody is told of calls. */
  readonly telemetry?: Part<Telemetry> | undefined
  /** Called with an error that is not a `RalphError` and that no middleware recovered from. Without it, such an error ends the process. */
  readonly onFault?: (error: unknown) => void
}

/** Milliseconds that calls in flight have when the server stops. */
const patience = 10_000

const endProcess = (error: unknown): never => {
  throw error
}

/** The gRPC server. Its packages are loaded when it starts. */
export const grpcPart = (options: GrpcOptions): Part<GrpcServer> => ({
  name: 'grpc',
  start: async ({ use, running }) => {
    const {
      grpc,
      settings,
      logger,
      users,
      access,
      database,
      imports,
      newId,
      version,
      telemetry,
      onFault = endProcess
    } = options
    const [{ startGrpc }, { createBudget }, { createFaultLog }] = await Promise.all([
      import('../grpc/server.ts'),
      import('../http/budget.ts'),
      import('../http/every-request/fault-log.ts')
    ])
    const faults = createFaultLog(logger)
    const server = await startGrpc({
      grpc,
      context: {
        settings,
        rules: lrsRulesOf(settings),
        authenticators: authenticatorsOf(use, { users, access }),
        backend: use(database),
        imports: imports === undefined ? undefined : use(imports),
        budget: createBudget({
          limit: settings.maxBytesInFlight,
          setting: 'RALPH_RUNSERVER_MAX_BYTES_IN_FLIGHT',
          what: 'messages and answers'
        }),
        parts: running,
        newId,
        version
      },
      serving: { logger, faults, onFault, telemetry: telemetry && use(telemetry) }
    })
    logger.info(`Ralph speaks gRPC on ${grpc.host}:${server.port}${grpc.tls === undefined ? '' : ', with TLS'}`)
    return {
      service: server,
      stop: async () => {
        await server.stop(patience)
        faults.close()
      },
      health: async () =>
        server.isListening()
          ? { state: 'ok' }
          : { state: 'degraded', detail: 'gRPC is stopping', hint: 'gRPC is stopping' }
    }
  }
})
