import { type Command, Option } from 'commander'
import {
  type ImportDestination,
  type ImportRecord,
  type ImportStatus,
  type Imports,
  importStatuses,
  type ListImports
} from '../../contracts/imports.ts'
import { RalphError } from '../../errors.ts'
import { integer } from '../../settings/kinds.ts'
import { printable } from '../../telemetry/printable.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { flagOf } from '../flag-kinds.ts'
import { importLine, importTable } from '../import-table.ts'
import { interruptible } from '../interruption.ts'

interface ListFlags {
  readonly status?: ImportStatus
  readonly door?: string
  readonly user?: string
  readonly limit: number
  readonly json?: boolean
}

/** The most records in memory at once. */
const pageSize = 1000

/** All selected imports, one page at a time. */
async function* pagesOf(
  imports: Imports,
  { limit, ...filter }: ListImports & { readonly limit: number }
): AsyncGenerator<readonly ImportRecord[], void, undefined> {
  let after: ListImports['after']
  for (let left = limit; left > 0; ) {
    const page = await imports.list({ ...filter, after, limit: Math.min(left, pageSize) })
    if (page.length > 0) yield page
    after = page.at(-1)
    left = page.length < pageSize ? 0 : left - page.length
  }
}

const day = 86_400_000

/** `ralph imports`: lists imports, shows their status, and retries failed ones. */
export const declareImports = (program: Command, composition: Composition): void => {
  const withImports = (
    command: Command,
    to: ImportDestination | undefined,
    work: (imports: Imports, signal: AbortSignal) => Promise<void>
  ): Promise<void> =>
    interruptible(async (signal) => {
      const { sources, log } = settingsOf(command, composition)
      const imports = await composition.openImports(sources, log, to)
      try {
        await work(imports, signal)
      } finally {
        await imports.close()
      }
    })
  const tell = (record: ImportRecord): void => {
    process.stdout.write(printable(importLine(record)))
    if (record.status === 'FAILED' || record.status === 'RETRY') process.exitCode = 1
  }
  const statusOption = (meaning: string): Option => new Option('--status <status>', meaning).choices(importStatuses)

  const imports = program
    .command('imports')
    .summary('list, show, retry and purge imports')
    .description(
      'Lists imports from `ralph import` and other doors, shows their status, and retries those that failed.'
    )
    .helpCommand(false)
  imports
    .command('list', { isDefault: true })
    .summary('list imports, newest first')
    .addOption(statusOption('only with this status'))
    .option('--door <door>', 'only from this door: command, download, mirror, upload, …')
    .option('--user <name>', 'only from this user')
    .option('--limit <number>', 'most results', flagOf('--limit', integer(1, 1_000_000)), 100)
    .option('--json', 'all details of each, one JSON object on each line')
    .action(({ json, ...filter }: ListFlags, command: Command) =>
      withImports(command, undefined, async (opened, signal) => {
        const { writeOut } = await import('../write-out.ts')
        const texts = async function* (): AsyncGenerator<string, void, undefined> {
          for await (const page of pagesOf(opened, filter)) {
            if (json === true) yield page.map((each) => `${JSON.stringify(each)}\n`).join('')
            else yield printable(importTable(page))
          }
        }
        await writeOut(texts(), { signal })
      })
    )
  imports
    .command('show <id>')
    .summary('all details of an import, as JSON')
    .option('--rejected', 'the rejected records instead, in the format of `ralph extract -p report`')
    .action((id: string, { rejected }: { readonly rejected?: boolean }, command: Command) =>
      withImports(command, undefined, async (opened) => {
        const record = await opened.find(id)
        if (record === undefined) throw new RalphError('NOT_FOUND', `there is no import ${id}`, { id })
        if (rejected !== true) process.stdout.write(`${JSON.stringify(record, null, 2)}\n`)
        else for await (const chunk of opened.rejected(id) ?? []) process.stdout.write(chunk)
      })
    )
  imports
    .command('retry <id...>')
    .summary('retry failed imports, or import rejected records again')
    .option('--rejected', 'import their rejected records as new imports')
    .option('--queue', 'leave the processing to the server')
    .action(
      (ids: readonly string[], flags: { readonly rejected?: boolean; readonly queue?: boolean }, command: Command) =>
        withImports(command, 'lrs', async (opened, signal) => {
          for (const id of ids) {
            const record = await (flags.rejected === true ? opened.resubmitRejected(id) : opened.retry(id))
            tell(flags.queue === true ? record : await opened.run(record.id, { signal }))
          }
        })
    )
  imports
    .command('run')
    .summary('process all imports that are due')
    .action((_: unknown, command: Command) =>
      withImports(command, 'lrs', async (opened, signal) => {
        await opened.runDue({ signal })
      })
    )
  imports
    .command('purge')
    .summary('delete finished imports and their rejected records')
    .option(
      '--older-than <days>',
      'finished at least this many days ago',
      flagOf('--older-than', integer(0, 100_000)),
      30
    )
    .addOption(statusOption('only with this status'))
    .action(({ olderThan, status }: { readonly olderThan: number; readonly status?: ImportStatus }, command: Command) =>
      withImports(command, undefined, async (opened) => {
        const count = await opened.purge({ olderThan: olderThan * day, status })
        process.stdout.write(`${count} removed\n`)
      })
    )
}
