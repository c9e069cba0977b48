import './cli/node-version.ts'
import { randomUUID } from 'node:crypto'
import module from 'node:module'
import { isIPv6 } from 'node:net'
import { dataBackends, lrsBackends } from './backends/registry.ts'
import { interruptible } from './cli/interruption.ts'
import { run } from './cli/program.ts'
import { settingGroups } from './cli/sections.ts'
import { readVersion } from './cli/version.ts'
import type { LrsRole } from './contracts/backend-definition.ts'
import type { Clock } from './contracts/clock.ts'
import { RalphError } from './errors.ts'
import { errorStatus } from './http/error-status.ts'
import { loadBackend, loadBackendName, loadRunserver, variablesOf } from './settings/load.ts'
import type { Sources } from './settings/sources.ts'
import { backendMeant, warnOfUnknown } from './settings/unknown.ts'
import { openWhenReady } from './storage/open-when-ready.ts'

// The composition root: settings → users → backend → server. It alone knows everybody. What only the server needs is
// loaded when the server is started, so that every other command answers at once.

// What Ralph keeps and writes is about persons: files are for their owner alone, and so are directories.
process.umask(0o077)

const clock: Clock = () => Date.now() * 1000

/** What is in flight when the server is told to stop has this long to end, in milliseconds. */
const grace = 25_000

const backendNamed = (name: string): LrsRole => {
  const wanted = name.toLowerCase()
  const found = lrsBackends.find((backend) => backend.name === wanted || backend.aliases.includes(wanted))
  if (found !== undefined) return found
  const names = lrsBackends.map((backend) => backend.name)
  const meant = backendMeant(wanted, names)
  const hint = meant === undefined ? 'there' : `did you mean ${meant}? There`
  throw new RalphError(
    'UNKNOWN_BACKEND',
    `There is no backend ${JSON.stringify(name)}; ${hint} are ${names.join(', ')}`,
    {
      backend: name,
      backends: names
    }
  )
}

const listenReasons: { readonly [code: string]: string } = {
  EADDRINUSE: 'is in use by another program: stop it, or choose another port with --port or RALPH_RUNSERVER_PORT',
  EACCES: 'may only be used by an administrator: choose a port above 1023 with --port or RALPH_RUNSERVER_PORT',
  EADDRNOTAVAIL: 'is no address of this machine: choose another one with --host or RALPH_RUNSERVER_HOST',
  ENOTFOUND: 'is no address of this machine: choose another one with --host or RALPH_RUNSERVER_HOST',
  EAI_AGAIN: 'cannot be looked up: choose another address with --host or RALPH_RUNSERVER_HOST'
}

const asListenError = (error: unknown, address: string): unknown => {
  const reason = error instanceof Error && 'code' in error ? listenReasons[String(error.code)] : undefined
  return reason === undefined
    ? error
    : new RalphError('ADDRESS_UNAVAILABLE', `${address} ${reason}`, { address }, { cause: error })
}

const addressOf = (host: string, port: number): string => `${isIPv6(host) ? `[${host}]` : host}:${port}`

/** `ralph runserver`. Whatever was opened is closed again when a later step fails. */
const serve = async (sources: Sources): Promise<void> => {
  const definition = backendNamed(loadBackendName(sources))
  const { general, server: settings, identity, backend: openBackend } = loadRunserver(sources, definition.configure)
  const [
    { createLogger },
    { openAuthenticators },
    { createLoginLog },
    { buildServer },
    { compileRules },
    { default: closeWithGrace }
  ] = await Promise.all([
    import('./telemetry/logger.ts'),
    import('./identity/authenticators.ts'),
    import('./telemetry/login-log.ts'),
    import('./http/server.ts'),
    import('./lrs/store-statements/validate.ts'),
    import('close-with-grace')
  ])
  // A limit on the size of files (`ulimit -f`, RLIMIT_FSIZE) would end the process; so it is a full disk: 507.
  process.on('SIGXFSZ', () => {})
  const logger = createLogger(general.log.level, general.log.format)
  warnOfUnknown(sources, variablesOf(settingGroups({ lrsBackends, dataBackends })), logger)

  const opened: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (let last = opened.pop(); last !== undefined; last = opened.pop()) await last()
  }
  try {
    const logins = createLoginLog(logger)
    opened.push(() => logins.close())
    const authenticators = await openAuthenticators(identity, { log: logger, onRefused: logins.failed })
    opened.push(() => authenticators.close())
    const warn = (message: string): void => logger.warn(message)
    const backend = await interruptible((signal) =>
      openWhenReady(async () => openBackend({ clock, appDir: general.appDir, warn }), {
        patience: settings.waitForBackend,
        warn,
        signal
      })
    )
    opened.push(() => backend.close())
    const { rejectedDirectory, rejectedMaxSize } = settings
    const rejected =
      rejectedDirectory === undefined
        ? undefined
        : await (await import('./telemetry/rejected-requests.ts')).keepRejectedRequests({
            directory: rejectedDirectory,
            maxSize: rejectedMaxSize,
            clock,
            log: logger
          })
    opened.push(() => rejected?.close())
    const server = await buildServer({
      rejected,
      settings,
      backend,
      authenticators,
      logger,
      newId: randomUUID,
      version: readVersion()
    })
    opened.push(() => server.close())
    await server.listen({ host: settings.host, port: settings.port }).catch((error: unknown) => {
      throw asListenError(error, addressOf(settings.host, settings.port))
    })
    const bound = server.server.address()
    const port = typeof bound === 'object' && bound !== null ? bound.port : settings.port
    const everywhere = settings.host === '0.0.0.0' || settings.host === '::'
    const reach = everywhere ? `http://localhost:${port}` : `http://${addressOf(settings.host, port)}`
    logger.info(
      `Ralph listens on ${reach}/xAPI${everywhere ? ' and every other address of this machine' : ''}, backend ${definition.name}`
    )
    authenticators.announce()
    setImmediate(() => compileRules(settings.defaultVersion))
  } catch (error) {
    await close()
    throw error
  }
  closeWithGrace({ delay: grace, logger }, async ({ err, signal }) => {
    if (err) logger.fatal({ err }, 'Ralph failed and stops')
    else logger.info(`${signal ?? 'End'}: finishing what is in flight`)
    await close()
    logger.info('Ralph has stopped')
  })
}

// What is loaded from here on is compiled once, not at every start.
module.enableCompileCache()
process.exitCode = await run(process.argv.slice(2), {
  lrsBackends,
  dataBackends,
  clock,
  errorStatus,
  openBackend: (name, sources, appDir, log, { mustExist = false } = {}) =>
    loadBackend(
      sources,
      backendNamed(name).configure
    )({
      clock,
      appDir,
      mustExist,
      warn: (message) => log.warn(message)
    }),
  openFiles: (name, sources, appDir, log) => {
    const { files, name: known } = backendNamed(name)
    if (typeof files === 'string') throw new RalphError('UNSUPPORTED_OPERATION', files, { backend: known })
    return loadBackend(sources, files)({ clock, appDir, warn: (message) => log.warn(message) })
  },
  findDataBackend: async (name) => {
    const { findThirdParty } = await import('./backends/third-party.ts')
    return findThirdParty(name, process.cwd())
  },
  openData: (backend, sources, { appDir }, log) =>
    loadBackend(sources, backend.configure.bind(backend))({ clock, appDir, log }),
  serve
})
