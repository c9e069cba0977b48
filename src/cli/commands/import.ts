import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { type Command, Option } from 'commander'
import type { DataRole } from '../../contracts/backend-definition.ts'
import type {
  ImportDestination,
  ImportOffer,
  ImportPlace,
  ImportRecord,
  Imports,
  ImportUser,
  UrlOffer
} from '../../contracts/imports.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { loadAuthFile, loadImports } from '../../settings/load.ts'
import type { ImportSettings } from '../../settings/settings.ts'
import type { Sources } from '../../settings/sources.ts'
import { printable } from '../../telemetry/printable.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { addBackendOptions, choosePlace } from '../data-command.ts'
import { placeOf } from '../import-place.ts'
import { importLine } from '../import-table.ts'
import { interruptible } from '../interruption.ts'

interface ImportFlags {
  readonly backend?: string
  readonly target?: string
  readonly from?: 'auto' | 'edx' | 'xapi'
  readonly platformUrl?: string
  readonly uuidNamespace?: string
  readonly user?: string
  readonly sha256?: string
  readonly unpack: boolean
  readonly dryRun?: boolean
  readonly queue?: boolean
  readonly json?: boolean
}

/** A file, or all files below a directory, in the order of their paths, without hidden ones. */
const filesAt = async (path: string): Promise<readonly string[]> => {
  const found = await stat(path).catch((cause: unknown) => {
    throw new RalphError('NOT_FOUND', `${path} cannot be read: ${messageOf(cause)}`, { path }, { cause })
  })
  if (!found.isDirectory()) return [path]
  const files: string[] = []
  for (const entry of (await readdir(path, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue
    const inner = join(path, entry.name)
    if (entry.isDirectory()) files.push(...(await filesAt(inner)))
    else if (entry.isFile()) files.push(inner)
  }
  return files
}

/** The user of the auth file that statements are stored as. Undefined: none was named. */
const userOf = async (sources: Sources): Promise<ImportUser | undefined> => {
  const { user } = loadImports(sources)
  if (user === undefined) return undefined
  const { readAuthFile } = await import('../../identity/auth-file.ts')
  const path = loadAuthFile(sources)
  const { users } = await readAuthFile(path)
  const found = users.find(({ principal }) => principal.username === user)
  if (found !== undefined) return found.principal
  throw new RalphError(
    'INVALID_SETTING',
    `${path} has no user ${JSON.stringify(user)}: correct RALPH_IMPORTS_USER or --user`
  )
}

interface Work {
  readonly imports: Imports
  readonly place: ImportPlace | undefined
  readonly settings: Pick<ImportSettings, 'platformUrl' | 'uuidNamespace'>
  readonly user: ImportUser | undefined
  readonly flags: ImportFlags
  readonly signal: AbortSignal
}

/** It has a scheme or begins with GETTER::. Anything else is a path. */
const isUrl = (text: string): boolean => /^(?:[a-z0-9]+::|[a-z][a-z0-9+.-]*:\/\/)/i.test(text)

const tell = (record: ImportRecord, { json }: ImportFlags): void => {
  process.stdout.write(json === true ? `${JSON.stringify(record)}\n` : printable(importLine(record)))
}

/** A dry run keeps nothing, so rejected records are reported now. */
const tellRejected = async ({ id }: ImportRecord, imports: Imports): Promise<void> => {
  for await (const chunk of imports.rejected(id) ?? []) process.stdout.write(chunk)
}

const offerOf = (path: string, { place, settings, user, flags }: Work): ImportOffer | UrlOffer => {
  const about = {
    door: 'command',
    user,
    // What a command was told, whoever goes on with it must know.
    instructions: {
      from: flags.from ?? 'auto',
      unpack: flags.unpack,
      place,
      platformUrl: settings.platformUrl,
      uuidNamespace: settings.uuidNamespace
    },
    sha256: flags.sha256
  }
  if (isUrl(path)) return { ...about, url: path, isTrusted: true }
  const isTyped = path === '-'
  return {
    ...about,
    reference: isTyped ? '-' : resolve(path),
    filename: isTyped ? 'standard-input' : basename(path),
    open: () => (isTyped ? process.stdin : createReadStream(path, { highWaterMark: 2 ** 17 }))
  }
}

const bringIn = async (path: string, work: Work): Promise<void> => {
  const { imports, flags, signal } = work
  const record = await imports.submit(offerOf(path, work), { signal, hold: flags.queue !== true })
  if (flags.queue === true) {
    tell(record, flags)
    return
  }
  const after = await imports.run(record.id, { signal })
  tell(after, flags)
  if (flags.dryRun === true) await tellRejected(after, imports)
  if (after.status === 'FAILED' || after.status === 'RETRY') process.exitCode = 1
}

const requireWritable = ({ name, capabilities }: DataRole): void => {
  if (capabilities.write.length > 0) return
  throw new RalphError('UNSUPPORTED_OPERATION', `${name} is read-only`, { backend: name })
}

/** `ralph import`: files, archives and directories of them into the LRS, or into a data backend. */
export const declareImport = (program: Command, composition: Composition): void => {
  const command = program
    .command('import')
    .summary('import files and archives of learning records')
    .description(
      'Imports files, archives and directories: events are converted, statements are stored once. The status of each import ' +
        'is kept (`ralph imports`). After an interruption `ralph imports run` continues.'
    )
    .argument('<path...>', 'files, archives, directories; URLs as for `ralph download`; - is standard input')
  addBackendOptions(
    command,
    composition,
    ({ moves, write }) => write.includes(moves === 'records' ? 'create' : 'update'),
    'the LRS, as `ralph runserver` would open it'
  )
    .option('-t, --target <target>', 'where in the data backend; fs, s3 and swift: what stands before the name')
    .addOption(
      new Option('-f, --from <format>', 'type of the records (default: auto)').choices(['auto', 'edx', 'xapi'])
    )
    .option('-p, --platform-url <url>', 'URL of the platform of the events [RALPH_IMPORTS_PLATFORM_URL]')
    .option(
      '-u, --uuid-namespace <uuid>',
      'UUID namespace of the ids of converted events [RALPH_CONVERTER_EDX_XAPI_UUID_NAMESPACE]'
    )
    .option('--user <name>', 'user of the auth file to store statements as [RALPH_IMPORTS_USER]')
    .option('--sha256 <digest>', 'checksum of the file')
    .option('--no-unpack', 'do not unpack archives and compressed files')
    .option('--dry-run', 'report what would be imported and rejected, and import nothing')
    .option(
      '--queue',
      'only queue the imports; a server with RALPH_IMPORTS_ENABLED, or `ralph imports run`, processes them'
    )
    .option('--json', 'print one JSON object for each import')
    .action(async (paths: readonly string[], flags: ImportFlags) => {
      const { sources, log } = settingsOf(command, composition, {
        RALPH_IMPORTS_PLATFORM_URL: flags.platformUrl,
        RALPH_CONVERTER_EDX_XAPI_UUID_NAMESPACE: flags.uuidNamespace,
        RALPH_IMPORTS_USER: flags.user
      })
      const found = await Promise.all(paths.map((path) => (path === '-' || isUrl(path) ? [path] : filesAt(path))))
      const user = await userOf(sources)
      const chosen =
        flags.backend === undefined
          ? undefined
          : choosePlace(command, composition, { name: flags.backend, require: requireWritable })
      const place = chosen && placeOf(chosen.choice, flags.target, chosen.sources)
      const to: ImportDestination = flags.dryRun === true ? 'nowhere' : place === undefined ? 'lrs' : 'places'
      await interruptible(async (signal) => {
        const imports = await composition.openImports(chosen?.sources ?? sources, log, to)
        const settings = loadImports(sources)
        try {
          for (const path of found.flat()) await bringIn(path, { imports, place, settings, user, flags, signal })
        } finally {
          await imports.close()
        }
      })
    })
}
