import { join } from 'node:path'
import { type Command, Option } from 'commander'
import type { Log } from '../../contracts/log.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { flagValues } from '../../settings/load.ts'
import { createReader } from '../../settings/read.ts'
import { type UploadClientSettings, uploadGroup } from '../../settings/upload.ts'
import { printable } from '../../telemetry/printable.ts'
import type { UploadNotes } from '../../tus/notes.ts'
import type { AskServer } from '../../tus/requests.ts'
import type { Uploaded, UploadFileOptions } from '../../tus/upload-file.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { hideSecrets } from '../hide-secrets.ts'
import { importLine } from '../import-table.ts'
import { interruptible } from '../interruption.ts'
import { optionsOf } from '../setting-options.ts'
import { isOfOneFile, type UploadExitCode, uploadExitCodeOf } from '../upload-exit-code.ts'

interface UploadFlags {
  readonly from?: 'edx' | 'xapi'
  readonly import: boolean
  readonly wait?: boolean
  readonly json?: boolean
  readonly progress: boolean
}

/** What all files of one command share. */
interface Work {
  readonly endpoint: URL
  readonly username: string
  readonly ask: AskServer
  readonly notes: UploadNotes
  readonly settings: UploadClientSettings
  readonly plan: UploadFileOptions['plan']
  readonly flags: UploadFlags
  readonly log: Log
  readonly signal: AbortSignal
}

/** The URL may be that of the server or of its uploads. */
const endpointOf = (base: string): URL => {
  const path = base.replace(/\/+$/, '')
  return new URL(path.endsWith('/api/upload') ? path : `${path}/api/upload`)
}

const say = (text: string): void => {
  process.stdout.write(text)
}

const send = async (path: string, work: Work): Promise<Uploaded> => {
  const [{ uploadFile }, { startProgress, formatBytes, formatPace }] = await Promise.all([
    import('../../tus/upload-file.ts'),
    import('../progress.ts')
  ])
  const { flags, log, settings } = work
  const progress = startProgress(`upload ${path}`, { enabled: flags.progress, log, stdoutIsFree: true })
  let arrived: number | undefined
  let begin = 0
  try {
    const uploaded = await uploadFile(path, {
      ...work,
      metadata: {
        ...(flags.from === undefined ? {} : { from: flags.from }),
        ...(flags.import ? {} : { import: 'false' })
      },
      chunkSize: settings.chunkSize,
      onSize: (size) => progress.total({ bytes: size }),
      onArrived: (offset) => {
        begin = arrived === undefined ? offset : begin
        // What an earlier process has sent counts for the whole and for the bar.
        progress.add({ bytes: offset - (arrived ?? 0) })
        arrived = offset
      }
    })
    progress.end((done) => {
      const resumed = begin === 0 ? '' : `, of which ${formatBytes(begin)} were sent before`
      return `${formatBytes(uploaded.size)}${resumed} in ${formatPace({ ...done, bytes: uploaded.size - begin })}`
    })
    return uploaded
  } catch (error) {
    progress.fail((done) => `stopped after ${formatBytes(done.bytes)}: run the same command to continue`)
    throw error
  }
}

/** Sends a file and prints the result. */
const bringIn = async (path: string, work: Work): Promise<UploadExitCode> => {
  const { flags, endpoint } = work
  const { url, importId, size, sha256, forget } = await send(path, work)
  const uploaded = { file: path, url: url.href, size, sha256, import: importId }
  if (flags.wait !== true || importId === undefined) {
    if (flags.json === true) say(`${JSON.stringify(uploaded)}\n`)
    else if (importId !== undefined) say(printable(`${importId}  uploaded  ${path}: ${size} bytes, sha256 ${sha256}\n`))
    else say(printable(`${url.href}  uploaded  ${path}: ${size} bytes, sha256 ${sha256}; not imported\n`))
    await forget()
    return 0
  }
  const { awaitImport } = await import('../../tus/await-import.ts')
  const record = await awaitImport(new URL(`../imports/${importId}`, endpoint), work)
  if (flags.json === true) say(`${JSON.stringify({ ...uploaded, ...record, import: importId })}\n`)
  else say(printable(importLine(record)))
  await forget()
  return record.status === 'DONE' ? 0 : 3
}

/** Reports what ended one file, or all of them. */
const failed = (error: unknown): UploadExitCode => {
  if (error instanceof RalphError && ['USAGE', 'INTERRUPTED', 'INVALID_SETTING'].includes(error.code)) throw error
  process.stderr.write(printable(`Error: ${messageOf(error)}\n`))
  return uploadExitCodeOf(error)
}

const run = async (
  command: Command,
  composition: Composition,
  paths: readonly string[],
  flags: UploadFlags
): Promise<void> => {
  if (flags.wait && !flags.import) throw new RalphError('USAGE', '--wait and --no-import cannot be combined')
  const given = command.opts<Readonly<Record<string, string | undefined>>>()
  const values = flagValues([uploadGroup], (flag) => given[new Option(`--${flag}`).attributeName()])
  hideSecrets(command, [uploadGroup], values)
  const { sources, general, log } = settingsOf(command, composition, Object.fromEntries(values))
  const reader = createReader(sources)
  const settings = reader.read(uploadGroup)
  reader.finish()
  const [{ createAsk }, { openNotes }] = await Promise.all([
    import('../../tus/requests.ts'),
    import('../../tus/notes.ts')
  ])
  const { href, ...inUrl } = settings.to
  const username = settings.username ?? inUrl.username ?? 'ralph'
  const password = settings.password ?? inUrl.password ?? 'secret'
  await interruptible(async (signal) => {
    const work: Work = {
      endpoint: endpointOf(href),
      username,
      ask: createAsk({ username, password, timeout: settings.timeout, signal }),
      notes: openNotes(join(general.appDir, 'uploading'), () => composition.clock() / 1000),
      settings,
      plan: { attempts: settings.retries + 1, firstPause: 500, longestPause: 15_000 },
      flags,
      log,
      signal
    }
    for (const path of paths) {
      const code = await bringIn(path, work).catch(failed)
      if (code !== 0) process.exitCode = process.exitCode || code
      if (code !== 0 && !isOfOneFile(code)) return
    }
  })
}

/** `ralph upload`: sends files to a server, which imports them. */
export const declareUpload = (program: Command, composition: Composition): void => {
  const command = program
    .command('upload')
    .summary('send files to a server, which imports them')
    .description(
      'Sends files to a Ralph server by the protocol tus. When the connection breaks, it continues. When the command was ' +
        'stopped or killed, run it again to continue. The server imports each file.'
    )
    .argument('<file...>', 'files and archives of learning records')
    .addOption(
      new Option('-f, --from <format>', 'type of the records; default: detected for each record').choices([
        'edx',
        'xapi'
      ])
    )
    .option('--no-import', 'the server keeps the file and does not import it')
    .option('--wait', 'wait until the import has ended, and print its counts')
    .option('--json', 'print one JSON object for each file')
    .option('--no-progress', 'do not show progress')
  for (const setting of Object.values(uploadGroup))
    for (const option of optionsOf(setting, 'Server')) command.addOption(option)
  command.action((paths: readonly string[], flags: UploadFlags) => run(command, composition, paths, flags))
}
