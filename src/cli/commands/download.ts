import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { messageOf, RalphError } from '../../errors.ts'
import { downloadsGroup, downloadVariables } from '../../settings/downloads.ts'
import { generalGroup } from '../../settings/groups.ts'
import { flagValues, loadDownloads } from '../../settings/load.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { requireBackend } from '../data-command.ts'
import { hideSecrets } from '../hide-secrets.ts'
import { type DownloadImports, importDownloads } from '../import-downloads.ts'
import { importLine } from '../import-table.ts'
import { interruptible } from '../interruption.ts'
import { mapConcurrently } from '../map-concurrently.ts'
import { objectsOf } from '../objects-of-urls.ts'
import { optionsOf } from '../setting-options.ts'

interface DownloadFlags {
  readonly cache: boolean
  readonly checksum?: string
  readonly inputFile?: string
  readonly import?: boolean
}

const tempGroup = { tempDir: generalGroup.tempDir }

/** One URL on each line. Lines that begin with # are comments. */
const urlsIn = (file: string): readonly string[] => {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8')
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#'))
  } catch (error) {
    throw new RalphError('USAGE', `${file} cannot be read: ${messageOf(error)}`)
  }
}

/** The URL and the directory on the command line. With --input-file only a directory. */
const namedBy = (words: readonly string[], { inputFile }: DownloadFlags) => {
  const [first, second, ...others] = words
  const tooMany = inputFile === undefined ? others.length > 0 : words.length > 1
  if (tooMany || (inputFile === undefined && first === undefined)) {
    throw new RalphError(
      'USAGE',
      'expected a URL and optionally a directory; or --input-file and optionally a directory'
    )
  }
  if (inputFile !== undefined) return { urls: urlsIn(inputFile), directory: first }
  return { urls: first === undefined ? [] : [first], directory: second }
}

/** Combines what the URL and the settings say into a download. */
const prepare = async (command: Command, composition: Composition, flags: DownloadFlags) => {
  const s3 = requireBackend(composition.dataBackends, 's3')
  const all = command.optsWithGlobals<Record<string, string | boolean | undefined>>()
  const groups = [downloadsGroup, tempGroup, s3.settings]
  const given = flagValues(groups, (flag) => all[new Option(`--${flag}`).attributeName()])
  hideSecrets(command, groups, given)
  const { sources, general, log } = settingsOf(command, composition, Object.fromEntries(given))
  const settings = loadDownloads(sources)
  const [{ download }, { createBandwidth, unlimited }, { parseChecksum, withoutCredentials }] = await Promise.all([
    import('../../downloads/download.ts'),
    import('../../downloads/bandwidth.ts'),
    import('../../downloads/source.ts')
  ])
  const now = (): number => composition.clock() / 1000
  const options = {
    ...settings,
    directory: join(general.tempDir, 'downloads'),
    enabled: flags.cache,
    now,
    checksum: flags.checksum === undefined ? undefined : parseChecksum(flags.checksum),
    // Two levels: compression and archive. Archives inside an archive stay packed.
    limits: { ...settings, maxDepth: 2 },
    variables: downloadVariables,
    bandwidth: settings.bandwidth === undefined ? unlimited : createBandwidth(settings.bandwidth, now),
    openObjects: objectsOf(composition, sources, general, log)
  }
  return {
    log,
    concurrency: settings.concurrency,
    openImports: () => composition.openImports(sources, log, 'lrs'),
    fetch: (url: string, to: string | undefined, signal: AbortSignal, taken: DownloadImports | undefined) =>
      download(
        url,
        to,
        { ...options, signal },
        taken && ((file) => taken.take({ ...file, reference: withoutCredentials(url) }))
      )
  }
}

const run = async (
  command: Command,
  composition: Composition,
  words: readonly string[],
  flags: DownloadFlags
): Promise<void> => {
  const { urls, directory } = namedBy(words, flags)
  const { log, concurrency, fetch, openImports } = await prepare(command, composition, flags)
  const { writeOut } = await import('../write-out.ts')
  const failures: unknown[] = []
  const one = async (url: string, signal: AbortSignal, taken?: DownloadImports): Promise<string> => {
    try {
      return `${await fetch(url, directory, signal, taken)}\n`
    } catch (error) {
      signal.throwIfAborted()
      if (urls.length > 1) log.error(messageOf(error))
      failures.push(error)
      return ''
    }
  }
  const all = async (signal: AbortSignal, taken?: DownloadImports): Promise<void> => {
    await writeOut(
      mapConcurrently(urls, concurrency, (url) => one(url, signal, taken)),
      { signal }
    )
  }
  const importing = async (signal: AbortSignal): Promise<void> => {
    const imports = await openImports()
    try {
      const taken = importDownloads(imports, signal)
      await all(signal, taken)
      await taken.work((record) => {
        if (record.status === 'DONE') log.info(importLine(record).trimEnd())
        else {
          log.error(importLine(record).trimEnd())
          process.exitCode = 1
        }
      })
    } finally {
      await imports.close()
    }
  }
  await interruptible((signal) => (flags.import === true ? importing(signal) : all(signal)))
  if (failures.length > 0 && urls.length === 1) throw failures[0]
  if (failures.length > 0)
    throw new RalphError('INVALID_INPUT', `${failures.length} of ${urls.length} downloads failed`)
}

/** `ralph download`: downloads a URL into a directory. */
export const declareDownload = (program: Command, composition: Composition): void => {
  const command = program
    .command('download')
    .summary('download a URL and unpack it')
    .description(
      'Downloads a file, an archive or a repository, unpacks it, and prints the path of the directory or file. URLs have ' +
        'the syntax of go-getter: https://, ftp://, s3://, git::URL, hg::URL, a path; //SUBDIRECTORY, ?ref=, ?checksum=, ?archive=.'
    )
    .argument('[words...]', 'URL [DIR]; without DIR: a new directory in RALPH_TEMP_DIR')
    .usage('[options] URL [DIR]')
    .option('--no-cache', 'download it, whatever was downloaded before, and keep nothing')
    .option('--checksum <checksum>', 'TYPE:HEX that the file must have; TYPE is md5, sha1, sha256 or sha512')
    .option('--import', 'import it into the LRS, too, as `ralph import` does')
    .option('-i, --input-file <file>', 'a file with URLs, one on each line, instead of one; -: standard input')
  for (const [group, title] of [
    [downloadsGroup, 'Downloads'],
    [tempGroup, 'Downloads'],
    [composition.dataBackends.find(({ name }) => name === 's3')?.settings ?? {}, 'Backend s3']
  ] as const) {
    for (const setting of Object.values(group))
      for (const option of optionsOf(setting, title)) command.addOption(option)
  }
  command.action((words: readonly string[], flags: DownloadFlags) => run(command, composition, words, flags))
}
