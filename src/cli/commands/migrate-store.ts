import { type Command, Option } from 'commander'
import type { Log } from '../../contracts/log.ts'
import type { LrsBackend, LrsStore } from '../../contracts/lrs-backend.ts'
import { RalphError } from '../../errors.ts'
import { flagValues } from '../../settings/load.ts'
import { requireTarget } from '../../settings/target.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { hideSecrets } from '../hide-secrets.ts'
import { optionsOf } from '../setting-options.ts'

interface MigrateFlags {
  readonly from: string
  readonly to: string
  readonly target: readonly string[]
}

const collect = (target: string, targets: readonly string[]): readonly string[] => [...targets, requireTarget(target)]

/** At most one line a second. */
const progressOf = (log: Log, name: string) => {
  let said = performance.now()
  return ({ step, statements, documents }: { step: string; statements: number; documents: number }): void => {
    if (performance.now() - said < 1000) return
    said = performance.now()
    log.info(`${name}: ${step === 'copy' ? 'copied' : 'verified'} ${statements} statements, ${documents} documents`)
  }
}

/** `ralph migrate-store`: copies everything from one LRS backend to another. */
export const declareMigrateStore = (program: Command, composition: Composition): void => {
  const names = composition.lrsBackends.map(({ name }) => name).join(', ')
  const command = program
    .command('migrate-store')
    .summary('copy everything in one backend to another')
    .description(
      'Copies statements with their stored times, authorities, voiding, attachments and documents from one backend into ' +
        'another, and compares both at the end. After an interruption, run it again to continue. No server may write ' +
        `meanwhile. Backends: ${names}.`
    )
    .requiredOption('--from <backend>', 'the backend to copy from')
    .requiredOption('--to <backend>', 'the backend to copy to')
    .option('-t, --target <target>', "a user's target instead of the default one; may be repeated", collect, [])
  const groups = composition.lrsBackends.map(({ settings }) => settings)
  for (const { name, settings } of composition.lrsBackends) {
    for (const setting of Object.values(settings)) {
      for (const option of optionsOf(setting, `Backend ${name}`)) command.addOption(option)
    }
  }
  command.action(async ({ from, to, target }: MigrateFlags) => {
    if (from === to) throw new RalphError('USAGE', '--from and --to must be different backends')
    const all = command.optsWithGlobals<Record<string, string | boolean | undefined>>()
    const given = flagValues(groups, (flag) => all[new Option(`--${flag}`).attributeName()])
    hideSecrets(command, groups, given)
    const { sources, general, log } = settingsOf(command, composition, Object.fromEntries(given))
    const opened: LrsBackend[] = []
    const open = async (name: string, mustExist: boolean): Promise<LrsBackend> => {
      const backend = await composition.openBackend(name, sources, general.appDir, log, { mustExist })
      opened.push(backend)
      return backend
    }
    const interrupted = new AbortController()
    const interrupt = (): void =>
      interrupted.abort(new RalphError('INTERRUPTED', 'interrupted: run the command again to continue'))
    process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
    try {
      const { copyStore } = await import('../../lrs/copy-store.ts')
      const isKnown = composition.lrsBackends.some(({ name, aliases }) => [name, ...aliases].includes(to.toLowerCase()))
      // The error lists the existing targets.
      if (!isKnown) await open(to, true)
      const giving = await open(from, true)
      const targets = target.length === 0 ? [undefined] : target
      // All targets must exist before anything is created.
      for (const each of targets) await giving.store(each)
      const receiving = await open(to, false)
      for (const each of targets) {
        const stores: readonly [LrsStore, LrsStore] = [await giving.store(each), await receiving.store(each)]
        const name = each ?? 'default target'
        const copy = await copyStore(...stores, { onProgress: progressOf(log, name), signal: interrupted.signal })
        process.stdout.write(`${JSON.stringify({ target: each ?? null, ...copy })}\n`)
      }
    } finally {
      process.off('SIGINT', interrupt).off('SIGTERM', interrupt)
      for (const backend of opened.reverse()) await backend.close()
    }
  })
}
