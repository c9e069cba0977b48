import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { Log } from '../contracts/log.ts'
import type { LrsBackend, LrsStore } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import { flagValues, loadBackendName } from '../settings/load.ts'
import type { Sources } from '../settings/sources.ts'
import { requireTarget } from '../settings/target.ts'
import { settingsOf } from './command-settings.ts'
import type { Composition } from './composition.ts'
import { hideSecrets } from './hide-secrets.ts'
import { optionsOf } from './setting-options.ts'

/** What a command about the content of a store works with. */
export interface StoreOfServer {
  readonly store: LrsStore
  readonly sources: Sources
  readonly log: Log
  readonly appDir: string
  readonly backend: string
  /** Undefined: the default one. */
  readonly target: string | undefined
}

/** The settings of the server, so that its store is found where the server has it. */
export const addStoreOptions = (command: Command, composition: Composition): Command => {
  command
    .option('-b, --backend <backend>', 'backend of the LRS [RALPH_RUNSERVER_BACKEND]')
    .option('-t, --target <target>', "a user's target instead of the default one", requireTarget)
  for (const { name, settings } of composition.lrsBackends) {
    for (const setting of Object.values(settings)) {
      for (const option of optionsOf(setting, `Backend ${name}`)) command.addOption(option)
    }
  }
  return command
}

const isInUse = (error: unknown): boolean => error instanceof RalphError && error.code === 'STORE_IN_USE'

/** Opens a copy of a store that a server has open. Only stores in files can be copied so. */
const openCopy = async (
  composition: Composition,
  { sources, log, appDir, backend, target }: Omit<StoreOfServer, 'store'>,
  signal: AbortSignal,
  inUse: unknown
): Promise<{ readonly backend: LrsBackend; remove(): Promise<void> }> => {
  const files = await composition.openFiles(backend, sources, appDir, log).catch(() => {
    throw inUse
  })
  const directory = await mkdtemp(join(tmpdir(), 'ralph-copy-'))
  const remove = (): Promise<void> => rm(directory, { recursive: true, force: true })
  try {
    log.info('A server has the store open: a copy of it is looked at')
    await files.copy(target, directory, { signal })
    return { backend: await files.open(directory), remove }
  } catch (error) {
    await remove()
    throw error
  }
}

/**
 * Opens the store of the server, which must exist. `reading`: nothing is changed, so a copy is as good as a store that a server has open.
 */
export const withStoreOfServer = async (
  command: Command,
  composition: Composition,
  { reading, signal }: { readonly reading: boolean; readonly signal: AbortSignal },
  work: (opened: StoreOfServer) => Promise<void>
): Promise<void> => {
  const all = command.optsWithGlobals<Record<string, string | boolean | undefined>>()
  const groups = composition.lrsBackends.map(({ settings }) => settings)
  const given = flagValues(groups, (flag) => all[new Option(`--${flag}`).attributeName()])
  hideSecrets(command, groups, given)
  const text = (value: string | boolean | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined
  const { sources, general, log } = settingsOf(command, composition, {
    ...Object.fromEntries(given),
    RALPH_RUNSERVER_BACKEND: text(all.backend)
  })
  const about = { sources, log, appDir: general.appDir, backend: loadBackendName(sources), target: text(all.target) }
  let opened = await composition.openBackend(about.backend, sources, general.appDir, log, { mustExist: true })
  let remove = async (): Promise<void> => {}
  try {
    const store = await opened.store(about.target).catch(async (error: unknown) => {
      if (!reading || !isInUse(error)) throw error
      await opened.close()
      const copy = await openCopy(composition, about, signal, error)
      opened = copy.backend
      remove = copy.remove
      return opened.store(about.target)
    })
    await work({ ...about, store })
  } finally {
    await opened.close()
    await remove()
  }
}
