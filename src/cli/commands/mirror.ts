import { type Command, Option } from 'commander'
import type { ArchiveSourceRole } from '../../contracts/archive-source.ts'
import type { Imports } from '../../contracts/imports.ts'
import type { Log } from '../../contracts/log.ts'
import { messageOf, RalphError } from '../../errors.ts'
import type { Mirror, OnlineMirror } from '../../mirror/mirror-options.ts'
import type { MirrorResult } from '../../mirror/run-mirror.ts'
import type { Values } from '../../settings/define.ts'
import { flagValues } from '../../settings/load.ts'
import { mirrorGroup } from '../../settings/mirror.ts'
import { createReader } from '../../settings/read.ts'
import { loadNode } from '../../settings/registry.ts'
import type { GeneralSettings } from '../../settings/settings.ts'
import type { Sources } from '../../settings/sources.ts'
import { printable } from '../../telemetry/printable.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { hideSecrets } from '../hide-secrets.ts'
import { interruptible } from '../interruption.ts'
import { exitCodeOf, exitCodeOfResult, type MirrorExitCode } from '../mirror-exit-code.ts'
import { addMirrorOptions } from '../mirror-options.ts'
import { mirrorGroupOf } from '../sections.ts'

interface MirrorFlags {
  readonly once?: boolean
  readonly verify?: boolean
  readonly subset?: string
  readonly import?: boolean
  readonly queue?: boolean
}

type Settings = Values<typeof mirrorGroup>

/** The name in log lines, as in document 003 and in ldp-mirror 0.x. */
const logName = 'LDP Mirror'

interface OpenedLog {
  readonly log: Log
  close(): Promise<void>
}

/** To the Logs Data Platform if configured, otherwise to standard output. */
const openLog = async (
  { logHost, logToken }: Settings,
  { log: { level } }: GeneralSettings,
  { clock }: Composition,
  console: Log
): Promise<OpenedLog> => {
  const options = { name: logName, level, clock }
  if (logHost === undefined || logToken === undefined) {
    const { createNamedLog } = await import('../../telemetry/named-lines.ts')
    return { log: createNamedLog(options), close: async () => {} }
  }
  const { openGelfLog } = await import('../../telemetry/gelf.ts')
  return openGelfLog({ ...options, server: logHost, token: logToken, warn: (message) => console.warn(message) })
}

const requireStreams = async (streams: readonly string[]): Promise<readonly string[]> => {
  const { isStreamId } = await import('../../mirror/names.ts')
  const wrong = streams.find((stream) => !isStreamId(stream))
  if (wrong !== undefined) throw new RalphError('USAGE', `${JSON.stringify(wrong)} is not the id of a stream`)
  return [...new Set(streams)]
}

/** Opens the database, runs `work`, and always closes the database. */
const withCache = async <Result>(
  { database, directory }: Settings,
  mirror: Pick<Mirror, 'streams' | 'log'>,
  work: (mirror: Mirror) => Promise<Result>
): Promise<Result> =>
  interruptible(async (signal) => {
    const { openArchiveCache } = await import('../../mirror/archive-cache.ts')
    mirror.log.info('Create local DB if not exists')
    const cache = openArchiveCache(database)
    try {
      return await work({ ...mirror, cache, directory: directory.replace(/(?<=.)\/+$/, ''), signal })
    } finally {
      cache.close()
    }
  })

const verify = async (settings: Settings, given: Pick<Mirror, 'streams' | 'log'>, { subset }: MirrorFlags) => {
  const { parseSubset, verifyMirror } = await import('../../mirror/verify-mirror.ts')
  const chosen = subset === undefined ? undefined : parseSubset(subset)
  return withCache(settings, given, async (mirror): Promise<MirrorExitCode> => {
    const { read, damaged } = await verifyMirror(mirror, chosen)
    mirror.log.info(`${read} archives read, ${damaged.length} of them missing or damaged`)
    return damaged.length === 0 ? 0 : 5
  })
}

/** Milliseconds between two checks for imports that must be tried again. */
const workEvery = 10_000

type Mirroring = (onArchive?: OnlineMirror['onArchive']) => Promise<MirrorResult>

/** Mirrors archives and imports them. Imports continue while the mirror waits for archives. */
const importing = async (
  mirroring: Mirroring,
  open: () => Promise<Imports>,
  { log, signal }: Pick<Mirror, 'log' | 'signal'>,
  { queue = false, once = false }: MirrorFlags
): Promise<MirrorResult> => {
  const { takeArchives } = await import('../take-archives.ts')
  const imports = await open()
  const taken = takeArchives(imports, signal)
  const work = (): void => {
    if (!queue) taken.work().catch((error: unknown) => log.error(`The imports failed: ${messageOf(error)}`))
  }
  const timer = once ? undefined : setInterval(work, workEvery)
  try {
    work()
    const result = await mirroring(async (archive) => {
      await taken.take(archive)
      work()
    })
    // Also the archives that arrived during the last round.
    if (!queue) for (const _ of ['running', 'left']) await taken.work()
    return result
  } finally {
    clearInterval(timer)
    await taken.settled()
    await imports.close()
  }
}

/** Without --once the mirror has no end of its own, so a signal is its normal end. */
const stopped = (error: unknown, log: Log): MirrorExitCode => {
  if (!(error instanceof RalphError) || error.code !== 'INTERRUPTED') throw error
  log.info(error.details.signal === 'SIGINT' ? 'Interrupted by user!' : `Stopped by ${error.details.signal}`)
  return 0
}

/** Works on these streams while no other node does. */
type Alone = <Result>(
  mirror: Pick<Mirror, 'streams' | 'log' | 'signal'>,
  waits: boolean,
  work: (signal: AbortSignal) => Promise<Result>
) => Promise<Result>

/** With a registry that nodes share, each stream has a lock in it. */
const aloneOf =
  (sources: Sources, { appDir }: GeneralSettings, { openRegistry }: Composition): Alone =>
  async ({ streams, log, signal }, waits, work) => {
    const node = loadNode(sources, appDir)
    if (node === undefined) return work(signal)
    const { onOneNode } = await import('../one-node.ts')
    const registry = await openRegistry(sources, { appDir })
    try {
      const keys = streams.map((stream) => `locks/mirror/${stream}`)
      return await onOneNode(registry, { keys, ttl: node.ttl, waits, log, signal }, work)
    } finally {
      await registry.close()
    }
  }

const copy = async (
  settings: Settings,
  given: Pick<Mirror, 'streams' | 'log'>,
  open: ReturnType<ArchiveSourceRole['configure']>,
  { clock }: Composition,
  flags: MirrorFlags,
  { openImports, alone }: { readonly openImports: () => Promise<Imports>; readonly alone: Alone }
): Promise<MirrorExitCode> => {
  const { once = false } = flags
  const source = await open({ clock, log: given.log })
  const [{ runMirror }, { setTimeout }] = await Promise.all([
    import('../../mirror/run-mirror.ts'),
    import('node:timers/promises')
  ])
  const { concurrency } = settings
  const sleep = async (milliseconds: number, signal: AbortSignal): Promise<void> => {
    await setTimeout(milliseconds, undefined, { signal })
  }
  const mirrorAll = async (mirror: Mirror): Promise<MirrorExitCode> => {
    const mirroring: Mirroring = (onArchive) =>
      runMirror(
        { ...mirror, source, clock, concurrency, sleep, ...(onArchive === undefined ? {} : { onArchive }) },
        { once }
      )
    const result = await (flags.import === true ? importing(mirroring, openImports, mirror, flags) : mirroring())
    const { downloaded, waiting, failures } = result
    mirror.log.info(`${downloaded} downloaded, ${waiting} not available yet, ${failures.length} failed`)
    return exitCodeOfResult(result)
  }
  const run = withCache(settings, given, (mirror) => alone(mirror, !once, (signal) => mirrorAll({ ...mirror, signal })))
  return once ? run : run.catch((error: unknown) => stopped(error, given.log))
}

/** Reports what ended the mirror, in its log and on standard error. */
const failed = (error: unknown, log: Log): MirrorExitCode => {
  const isOfCommand = error instanceof RalphError && !['USAGE', 'INTERRUPTED', 'INVALID_SETTING'].includes(error.code)
  if (!isOfCommand) throw error
  log.error(error.message)
  process.stderr.write(printable(`Error: ${messageOf(error)}\n`))
  return exitCodeOf(error)
}

const run = async (
  command: Command,
  composition: Composition,
  source: ArchiveSourceRole,
  streams: readonly string[]
): Promise<void> => {
  const flags = command.opts<MirrorFlags>()
  if (flags.verify && flags.once) throw new RalphError('USAGE', '--verify and --once cannot be combined')
  if (flags.queue && !flags.import) throw new RalphError('USAGE', '--queue needs --import')
  if (flags.import && flags.verify) throw new RalphError('USAGE', '--verify and --import cannot be combined')
  if (flags.subset !== undefined && !flags.verify) throw new RalphError('USAGE', '--subset needs --verify')
  const group = mirrorGroupOf(source)
  const given = command.opts<Readonly<Record<string, string | undefined>>>()
  const values = flagValues([group], (flag) => given[new Option(`--${flag}`).attributeName()])
  hideSecrets(command, [group], values)
  const { sources, general, log: console } = settingsOf(command, composition, Object.fromEntries(values))
  const reader = createReader(sources)
  const open = source.configure(reader)
  const settings = reader.read(mirrorGroup)
  reader.finish()
  const wanted = await requireStreams(streams)
  const { log, close } = await openLog(settings, general, composition, console)
  const mirror = { streams: wanted, log }
  try {
    process.exitCode = await (flags.verify
      ? verify(settings, mirror, flags)
      : copy(settings, mirror, open, composition, flags, {
          openImports: () => composition.openImports(sources, log, flags.queue === true ? undefined : 'lrs'),
          alone: aloneOf(sources, general, composition)
        })
    ).catch((error: unknown) => failed(error, log))
  } finally {
    await close()
  }
}

/** `ralph mirror ldp`, and `ralph ldp-mirror`, which the command `ldp-mirror` calls. */
export const declareMirror = (program: Command, composition: Composition): void => {
  const { archiveSources } = composition
  const mirror = program.command('mirror').summary('keep a local copy of all archives of a stream')
  addMirrorOptions(mirror, archiveSources, 'mirror')
    .usage('[options] ldp STREAM_ID [STREAM_ID ...]')
    .action(async (name: string, streams: readonly string[]) => {
      const source = archiveSources.find((each) => each.name === name)
      if (source === undefined) throw new RalphError('USAGE', `${name} is not a source of archives`)
      await run(mirror, composition, source, streams)
    })
  for (const source of archiveSources) {
    const alone = program.command(`${source.name}-mirror`, { hidden: true })
    addMirrorOptions(alone, [source], alone.name())
      .usage('[options] STREAM_ID [STREAM_ID ...]')
      .action((streams: readonly string[]) => run(alone, composition, source, streams))
  }
}
