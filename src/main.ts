import './cli/node-version.ts'
import module from 'node:module'
import { archiveSources, dataBackends, lrsBackends } from './backends/registry.ts'
import type { Composition } from './cli/composition.ts'
import { openImportPlaceOf } from './cli/import-place.ts'
import { interruptible } from './cli/interruption.ts'
import { objectsOf, openBytes, storeOf } from './cli/objects-of-urls.ts'
import { run } from './cli/program.ts'
import { settingGroups } from './cli/sections.ts'
import { readVersion } from './cli/version.ts'
import type { LrsRole } from './contracts/backend-definition.ts'
import type { Clock } from './contracts/clock.ts'
import type { Log } from './contracts/log.ts'
import { RalphError } from './errors.ts'
import { errorStatus } from './http/error-status.ts'
import { loadForwardings } from './settings/forwardings.ts'
import {
  loadBackend,
  loadBackendName,
  loadDownloads,
  loadGeneral,
  loadImports,
  loadRunserver,
  loadUploads,
  variablesOf
} from './settings/load.ts'
import { loadNotify } from './settings/notify.ts'
import { loadNode, loadRegistry } from './settings/registry.ts'
import { type Sources, withBackendValues } from './settings/sources.ts'
import { loadStore } from './settings/store.ts'
import { loadTelemetry } from './settings/telemetry.ts'
import { backendMeant, warnOfUnknown } from './settings/unknown.ts'

// The composition root: settings → parts → start. Only this file imports every room. Modules that only the server needs are
// loaded when the server starts, so that all other commands start quickly.

// Ralph keeps personal data, so only the owner may access its files and directories.
process.umask(0o077)

// A limit on the size of files (`ulimit -f`, RLIMIT_FSIZE) would end the process. With this handler it is like a full disk.
process.on('SIGXFSZ', () => {})

const clock: Clock = () => Date.now() * 1000

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

const openRegistry: Composition['openRegistry'] = async (sources, { appDir }) => {
  const { openRegistry: open } = await import('./registry/open.ts')
  return open(loadRegistry(sources, appDir), clock)
}

const findDataBackend: Composition['findDataBackend'] = async (name) => {
  const { findThirdParty } = await import('./backends/third-party.ts')
  return findThirdParty(name, process.cwd())
}

const openData: Composition['openData'] = (backend, sources, { appDir }, log) =>
  loadBackend(
    sources,
    backend.configure.bind(backend)
  )({
    clock,
    appDir,
    log,
    openRegistry: () => openRegistry(sources, { appDir })
  })

/** The places that imports go to. */
const openPlaces = async (sources: Sources, log: Log) => {
  const { createPlaces } = await import('./imports/places.ts')
  return createPlaces(
    openImportPlaceOf({ dataBackends, findDataBackend, openData }, sources, loadGeneral(sources), log)
  )
}

/** The file store as it is set; undefined: there is none. */
const openOriginals = async (sources: Sources, log: Log) => {
  const settings = loadStore(sources)
  if (settings === undefined) return undefined
  const { createOriginals } = await import('./imports/originals.ts')
  return createOriginals(settings, storeOf({ dataBackends, openData }, sources, loadGeneral(sources), log))
}

/** The parts of the server and their log. None of the parts is started. */
const preparedParts = async (sources: Sources) => {
  const { name, servers, configure } = backendNamed(loadBackendName(sources))
  const settings = loadRunserver(sources, configure)
  const forwardings = loadForwardings(sources)
  const [{ createServerLog }, { serverParts }, { requireShareable, workerPlace }] = await Promise.all([
    import('./telemetry/logger.ts'),
    import('./parts/server-parts.ts'),
    import('./parts/workers.ts')
  ])
  const { level, format } = settings.general.log
  const log = createServerLog(level, format)
  const { logger } = log
  const [imports, downloads] = [loadImports(sources), loadDownloads(sources)]
  const uploads = loadUploads(sources)
  const openObjects = objectsOf({ dataBackends, openData }, sources, settings.general, logger)
  const node = loadNode(sources, settings.general.appDir)
  const registry = node && { node, open: () => openRegistry(sources, settings.general) }
  const [version, notify] = [readVersion(), loadNotify(sources)]
  const originals = await openOriginals(sources, logger)
  const given = { imports, uploads, originals, places: await openPlaces(sources, logger), downloads, openObjects }
  const telemetry = loadTelemetry(sources)
  const worker = workerPlace()
  const about = { clock, log, telemetry, backend: name, servers, version, worker }
  const context = { ...about, ...given, notify, forwardings, registry }
  const { workers } = settings.server
  const [hasImports, hasGrpc] = [imports.enabled, settings.grpc !== undefined]
  requireShareable({ workers, backend: name, servers, hasImports, hasGrpc })
  return { logger, settings: settings.server, parts: serverParts(settings, context) }
}

const serve = async (sources: Sources): Promise<void> => {
  const [{ logger, settings, parts }, { runParts }, workers] = await Promise.all([
    preparedParts(sources),
    import('./parts/run.ts'),
    import('./parts/workers.ts')
  ])
  await interruptible(async (signal) => {
    if (workers.workerPlace() !== undefined) return runParts(parts, logger, signal, workers.obeySupervisor)
    warnOfUnknown(sources, variablesOf(settingGroups({ lrsBackends, dataBackends, archiveSources })), logger)
    return settings.workers === 1
      ? runParts(parts, logger, signal)
      : workers.superviseWorkers({ settings, logger, signal })
  })
}

// The modules that are loaded from here on are compiled once, not at every start.
module.enableCompileCache()
process.exitCode = await run(process.argv.slice(2), {
  lrsBackends,
  dataBackends,
  archiveSources,
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
  findDataBackend,
  openData,
  openImports: async (sources, log, to) => {
    const [{ openImportsFor }, { createUrlFetcher }] = await Promise.all([
      import('./parts/imports-for.ts'),
      import('./parts/url-fetcher.ts')
    ])
    const { name, configure } = backendNamed(loadBackendName(sources))
    const [settings, downloads] = [loadImports(sources), loadDownloads(sources)]
    const openObjects = objectsOf({ dataBackends, openData }, sources, loadGeneral(sources), log)
    return openImportsFor(to, {
      settings,
      urls: createUrlFetcher({ settings, downloads, openObjects, clock }),
      originals: await openOriginals(sources, log),
      places: await openPlaces(sources, log),
      load: () => loadRunserver(sources, configure),
      name,
      clock,
      log
    })
  },
  openRegistry,
  listen: async (pipelines, { sources, log, tempDir, signal, door }) => {
    const { runListeners } = await import('./parts/listeners.ts')
    const { name, configure } = backendNamed(loadBackendName(sources))
    await runListeners(pipelines, {
      settings: loadImports(sources),
      load: () => loadRunserver(sources, configure),
      name,
      originals: await openOriginals(sources, log),
      clock,
      log,
      tempDir,
      signal,
      door,
      openObjects: (backend, values) => {
        const own = withBackendValues(sources, 'configuration file', backend, values)
        return openBytes({ dataBackends, openData }, backend, own, { appDir: tempDir }, log)
      }
    })
  },
  serverParts: async (sources) => (await preparedParts(sources)).parts,
  serve
})
