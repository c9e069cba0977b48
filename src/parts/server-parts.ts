import { randomUUID } from 'node:crypto'
import type { Clock } from '../contracts/clock.ts'
import type { BackendContext, LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part } from '../contracts/part.ts'
import type { Registry } from '../contracts/registry.ts'
import type { Originals } from '../imports/originals.ts'
import type { Places } from '../imports/places.ts'
import type { Values } from '../settings/define.ts'
import type { Forwarding } from '../settings/forwardings.ts'
import type { RunserverSettings } from '../settings/load.ts'
import { lrsRulesOf } from '../settings/lrs-rules.ts'
import type { NotifySettings } from '../settings/notify.ts'
import type { nodeGroup } from '../settings/registry.ts'
import type { ImportSettings, UploadSettings } from '../settings/settings.ts'
import type { TelemetrySettings } from '../settings/telemetry.ts'
import type { ServerLog } from '../telemetry/logger.ts'
import { accessPart } from './access.ts'
import { announcingPart } from './announcing.ts'
import { databasePart } from './database.ts'
import { endpointsPart } from './endpoints.ts'
import { forwardingPart } from './forwarding.ts'
import { grpcPart } from './grpc.ts'
import { httpPart } from './http.ts'
import { importsPart } from './imports.ts'
import { logHooksPart } from './log-hooks.ts'
import { registrationPart } from './registration.ts'
import { registryPart } from './registry.ts'
import { rejectedRequestsPart } from './rejected-requests.ts'
import { type MeasuredParts, telemetryPart } from './telemetry.ts'
import { uploadsPart } from './uploads.ts'
import { createUrlFetcher, type UrlFetcherOptions } from './url-fetcher.ts'
import { usersPart } from './users.ts'
import type { WorkerPlace } from './workers.ts'

export interface PartsContext {
  readonly clock: Clock
  readonly log: ServerLog
  readonly telemetry: TelemetrySettings
  /** The name of the backend. */
  readonly backend: string
  /** The version of Ralph. */
  readonly version: string
  readonly imports: ImportSettings
  readonly downloads: UrlFetcherOptions['downloads']
  readonly openObjects: UrlFetcherOptions['openObjects']
  readonly uploads: UploadSettings
  /** The places in data backends that imports go to. */
  readonly places: Places
  /** The file store; undefined: there is none. */
  readonly originals: Originals | undefined
  /** Undefined: nothing is announced. */
  readonly notify: NotifySettings | undefined
  /** None: nothing is forwarded. */
  readonly forwardings: readonly Forwarding[]
  /** How many servers can have the store open at a time. */
  readonly servers: 'one' | 'any'
  /** Undefined: no registry is set that servers share. */
  readonly registry: { readonly node: Values<typeof nodeGroup>; open(): Promise<Registry> } | undefined
  /** Undefined: this process is the whole server. */
  readonly worker: WorkerPlace | undefined
}

/** The parts that only tell of the server. They are started first. */
const watchingParts = (
  { health, logger, metrics: { port, ...metrics } }: TelemetrySettings,
  { log, version, worker }: Pick<PartsContext, 'log' | 'version' | 'worker'>,
  measured: () => Omit<MeasuredParts, 'hooks'>
) => {
  const hooks = logger.hooks.length === 0 ? undefined : logHooksPart(logger, log)
  const telemetry = metrics.enabled
    ? telemetryPart({
        metrics: { ...metrics, port: port === 0 ? 0 : port + (worker?.number ?? 0) },
        version,
        log: log.logger,
        measured: () => ({ ...measured(), hooks })
      })
    : undefined
  const endpoints = health.endpoints.length === 0 ? undefined : endpointsPart(health)
  return { telemetry, watching: [hooks, telemetry, endpoints] }
}

/** The parts of a server, in the order of their start. A new part is a file beside these, and one line here. */
export const serverParts = (
  {
    general,
    server: settings,
    identity,
    grpc: grpcSettings,
    backend: open
  }: RunserverSettings<(context: BackendContext) => Promise<LrsBackend>>,
  {
    clock,
    log,
    telemetry: told,
    backend,
    version,
    imports: importSettings,
    uploads: uploadSettings,
    originals,
    places,
    downloads,
    openObjects,
    notify,
    forwardings,
    servers,
    registry: shared,
    worker
  }: PartsContext
): readonly Part[] => {
  const { logger } = log
  const warn = (message: string): void => logger.warn(message)
  const { rejectedDirectory: directory, rejectedMaxSize: maxSize } = settings
  const users = usersPart(identity, clock, logger)
  const { telemetry, watching } = watchingParts(told, { log, version, worker }, () => ({ imports, forwarding }))
  const database = databasePart({
    telemetry,
    open: async () => open({ clock, appDir: general.appDir, warn }),
    patience: settings.waitForBackend,
    warn
  })
  const access = identity.keys ? accessPart({ settings: identity, database, clock, log: logger }) : undefined
  const rejected =
    directory === undefined ? undefined : rejectedRequestsPart({ directory, maxSize, clock, log: logger })
  const newId = randomUUID
  const imports = importSettings.enabled
    ? importsPart({
        settings: importSettings,
        rules: lrsRulesOf(settings),
        database,
        newId,
        places,
        urls: createUrlFetcher({ settings: importSettings, downloads, openObjects, clock }),
        originals,
        clock,
        log: logger
      })
    : undefined
  const uploads = imports && uploadsPart({ settings: uploadSettings, imports, openObjects, clock, log: logger })
  const forwarding =
    forwardings.length === 0
      ? undefined
      : forwardingPart({ forwardings, settings, database, isShared: servers === 'any', clock, log: logger, version })
  const http = httpPart({
    settings: worker === undefined ? settings : { ...settings, port: worker.port },
    isWorker: worker !== undefined,
    logger,
    version,
    backend,
    newId,
    users,
    access,
    database,
    rejected,
    forwarding,
    imports,
    uploads,
    telemetry
  })
  const grpc =
    grpcSettings === undefined
      ? undefined
      : grpcPart({ grpc: grpcSettings, settings, logger, version, newId, users, access, database, imports, telemetry })
  const registry = shared && registryPart(shared.open, logger)
  const registration =
    registry &&
    shared &&
    registrationPart({
      registry,
      node: shared.node,
      settings,
      http,
      grpc: grpc && grpcSettings && { part: grpc, settings: grpcSettings },
      version,
      newId,
      log: logger
    })
  const announcing = notify && announcingPart({ notify, database, isShared: servers === 'any', log: logger })
  const beside = [rejected, announcing, forwarding, imports, uploads, grpc]
  return [...watching, users, database, access, registry, ...beside, http, registration].filter(
    (part) => part !== undefined
  )
}
