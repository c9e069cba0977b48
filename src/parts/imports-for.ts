import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../contracts/clock.ts'
import type { ImportDestination, ImportHandler, Imports } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { BackendContext, LrsBackend } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import type { UrlFetcher } from '../imports/context.ts'
import { lrsHandler } from '../imports/handlers/lrs.ts'
import { openImports } from '../imports/open.ts'
import type { Originals } from '../imports/originals.ts'
import type { Places } from '../imports/places.ts'
import type { RunserverSettings } from '../settings/load.ts'
import { lrsRulesOf } from '../settings/lrs-rules.ts'
import type { ImportSettings } from '../settings/settings.ts'
import { createOnce } from '../storage/once.ts'

export interface ImportsForOptions {
  readonly settings: ImportSettings
  /** The settings of the server. They are read only if statements go to its store. */
  readonly load: () => RunserverSettings<(context: BackendContext) => Promise<LrsBackend>>
  /** The name of the server's backend. */
  readonly name: string
  /** The places in data backends that imports go to. */
  readonly places: Places
  readonly urls: UrlFetcher
  /** The file store; undefined: there is none. */
  readonly originals: Originals | undefined
  readonly clock: Clock
  readonly log: Log
}

/** The store of the server. This process opens it when the first statement goes there. */
export const openLrs = ({
  load,
  name,
  clock,
  log
}: Omit<ImportsForOptions, 'urls' | 'places' | 'originals' | 'settings'>) => {
  const { general, server, backend: open } = load()
  const opening = createOnce<LrsBackend>()
  const backend = (): Promise<LrsBackend> =>
    opening.get(name, () => open({ clock, appDir: general.appDir, warn: (message) => log.warn(message) }))
  if (name === 'memory') {
    throw new RalphError(
      'UNSUPPORTED_OPERATION',
      'the memory backend would forget all that is imported: choose another one'
    )
  }
  return {
    handler: lrsHandler({ backend, rules: lrsRulesOf(server), newId: randomUUID }),
    ready: async () => void (await backend()),
    close: async () => (await opening.all()[0]?.catch(() => undefined))?.close()
  }
}

/** Accepts everything, and keeps nothing. */
const nowhere: ImportHandler = {
  name: 'lrs',
  judges: false,
  chunkSize: 500,
  deliver: async (statements) => ({ written: statements.length, already: 0, rejected: [] })
}

/** The imports of a command. */
export const openImportsFor = async (
  to: ImportDestination | undefined,
  options: ImportsForOptions
): Promise<Imports> => {
  const { settings, urls, originals, places, clock, log } = options
  if (to === 'nowhere') {
    const directory = join(settings.directory, `dry-run-${process.pid}`)
    const tried = { ...settings, databaseUrl: undefined, file: ':memory:', directory }
    const imports = await openImports({ settings: tried, handlers: [nowhere], urls, clock, log })
    return {
      ...imports,
      close: async () => {
        await imports.close()
        await rm(directory, { recursive: true, force: true })
      }
    }
  }
  const lrs = to === 'lrs' ? openLrs(options) : undefined
  const imports = await openImports({
    settings,
    handlers: lrs === undefined ? [] : [lrs.handler],
    places: to === undefined ? undefined : places,
    urls,
    originals,
    clock,
    log
  })
  return {
    ...imports,
    close: async () => {
      await imports.close()
      await lrs?.close()
    }
  }
}
