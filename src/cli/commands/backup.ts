import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Command, Option } from 'commander'
import { flagValues, loadAuthFile, loadBackendName } from '../../settings/load.ts'
import type { Contents } from '../../toolbox/backup-manifest.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { hideSecrets } from '../hide-secrets.ts'
import { interruptible } from '../interruption.ts'
import { optionsOf } from '../setting-options.ts'
import { readVersion } from '../version.ts'

interface BackupFlags {
  readonly backend?: string
  readonly replace?: boolean
  readonly check?: boolean
}

/** Both commands take the settings of the server, so that they find its stores. */
const declare = (program: Command, composition: Composition, name: string): Command => {
  const command = program.command(name)
  command.option('-b, --backend <backend>', 'backend of the LRS [RALPH_RUNSERVER_BACKEND]')
  command.option('--auth-file <file>', 'auth file, which is saved too [RALPH_AUTH_FILE]')
  for (const { name: backend, settings } of composition.lrsBackends) {
    for (const setting of Object.values(settings)) {
      for (const option of optionsOf(setting, `Backend ${backend}`)) command.addOption(option)
    }
  }
  return command
}

/** What both commands work with. */
const open = async (command: Command, composition: Composition) => {
  const all = command.optsWithGlobals<Record<string, string | boolean | undefined>>()
  const groups = composition.lrsBackends.map(({ settings }) => settings)
  const given = flagValues(groups, (flag) => all[new Option(`--${flag}`).attributeName()])
  hideSecrets(command, groups, given)
  const text = (value: string | boolean | undefined): string | undefined =>
    typeof value === 'string' ? value : undefined
  const { log, general, sources } = settingsOf(command, composition, {
    ...Object.fromEntries(given),
    RALPH_RUNSERVER_BACKEND: text(all.backend),
    RALPH_AUTH_FILE: text(all.authFile)
  })
  const backend = loadBackendName(sources).toLowerCase()
  const files = await composition.openFiles(backend, sources, general.appDir, log)
  const { takeInventory } = await import('../../lrs/copy-store.ts')
  const contentsOf = async (store: Parameters<typeof takeInventory>[0], signal: AbortSignal): Promise<Contents> => ({
    ...(await takeInventory(store, undefined, signal))
  })
  return { log, backend, files, contentsOf, clock: composition.clock, authFile: loadAuthFile(sources) }
}

/** 2026-11-29T12:00:00.000Z → 20261129T120000Z */
const stamp = (time: Date): string => time.toISOString().replace(/[-:]|\.\d+/g, '')

/** `ralph backup`: saves all stores of a backend that keeps them in files. The server may keep running. */
export const declareBackup = (program: Command, composition: Composition): void => {
  const command = declare(program, composition, 'backup')
    .summary('save the stores and users, while the server runs')
    .argument('[directory]', 'directory to create; default: ralph-backup-TIME in the working directory')
    .description(
      'Saves everything that the server keeps in files (backends sqlite and fs), with its users, into a new directory, ' +
        'and reads it back. The server may keep running; each target is saved as it was at one moment.'
    )
    .action(async (directory: string | undefined) => {
      const { authFile, ...work } = await open(command, composition)
      const { readAuthFile } = await import('../../identity/auth-file.ts')
      const users = existsSync(authFile) ? (await readAuthFile(authFile)).path : authFile
      const destination = resolve(directory ?? `ralph-backup-${stamp(new Date(composition.clock() / 1000))}`)
      const { saveBackup } = await import('../../toolbox/backup.ts')
      const { targets, taken } = await interruptible((signal) =>
        saveBackup({
          ...work,
          signal,
          version: readVersion(),
          destination,
          authFile: [users, authFile].find((path) => existsSync(path))
        })
      )
      process.stdout.write(`${JSON.stringify({ backup: destination, backend: work.backend, taken, targets })}\n`)
    })
}

/** `ralph restore`: puts a backup in place, or checks it. */
export const declareRestore = (program: Command, composition: Composition): void => {
  const command = declare(program, composition, 'restore')
    .summary('put a backup in place, or check it')
    .argument('<directory>', 'a directory that ralph backup made')
    .option('--replace', 'move existing stores aside')
    .option('--check', 'only verify the backup')
    .description(
      'Verifies a backup and puts its stores where the server looks for them; users too, unless there are some already. ' +
        'The server must not run.'
    )
    .action(async (directory: string, flags: BackupFlags) => {
      const { authFile, ...work } = await open(command, composition)
      const { checkBackup, restoreBackup } = await import('../../toolbox/backup.ts')
      const source = resolve(directory)
      if (flags.check === true) {
        const { targets, taken } = await interruptible((signal) => checkBackup({ ...work, signal }, source))
        process.stdout.write(`${JSON.stringify({ backup: source, sound: true, taken, targets })}\n`)
        return
      }
      const { manifest, aside, users } = await interruptible((signal) =>
        restoreBackup({ ...work, signal, source, replace: flags.replace === true, authFile })
      )
      if (aside !== undefined) work.log.info(`The previous files are now in ${aside}`)
      if (!users && existsSync(authFile))
        work.log.info(`The users in ${authFile} stay; those of the backup were not restored`)
      const { targets, taken } = manifest
      process.stdout.write(`${JSON.stringify({ restored: work.files.directory, taken, targets })}\n`)
    })
}
