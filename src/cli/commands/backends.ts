import { type Command, Option } from 'commander'
import { markdownTable } from '../../settings/describe.ts'
import type { Composition } from '../composition.ts'

interface Row {
  readonly name: string
  readonly aliases: readonly string[]
  readonly summary: string
  /** Whether `ralph runserver` can use it. */
  readonly lrs: boolean
  /** Undefined: it is not a data backend. */
  readonly moves: 'records' | 'bytes' | undefined
  readonly list: boolean
  readonly read: boolean
  /** The first is the default. */
  readonly write: readonly string[]
  readonly delete: boolean
  readonly history: boolean
  readonly driver: string | undefined
}

const rowsOf = ({ lrsBackends, dataBackends }: Composition): readonly Row[] => {
  const data = dataBackends.map(
    ({
      name,
      aliases,
      summary,
      driver,
      capabilities: { moves, list, read, write, delete: deletes, history }
    }): Row => ({
      name,
      aliases,
      summary,
      lrs: lrsBackends.some((backend) => backend.name === name),
      moves,
      list,
      read,
      write,
      delete: deletes,
      history,
      driver
    })
  )
  const none = { moves: undefined, list: false, read: false, write: [], delete: false, history: false } as const
  const others = lrsBackends
    .filter(({ name }) => !data.some((row) => row.name === name))
    .map(({ name, aliases, summary }): Row => ({ name, aliases, summary, lrs: true, ...none, driver: undefined }))
  return [...data, ...others].sort((one, other) => (one.name < other.name ? -1 : 1))
}

const heads = ['name', 'aliases', 'LRS', 'moves', 'list', 'read', 'write', 'delete', 'driver', 'what it is']

const mark = (can: boolean): string => (can ? 'yes' : '-')

const cellsOf = (row: Row): readonly string[] => [
  row.name,
  row.aliases.join(', ') || '-',
  mark(row.lrs),
  row.moves ?? '-',
  mark(row.list),
  mark(row.read),
  row.write.join(', ') || '-',
  mark(row.delete),
  row.driver ?? '-',
  row.summary
]

const asTable = (rows: readonly Row[]): string => {
  const lines = [heads, ...rows.map(cellsOf)]
  const widths = heads.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)))
  return lines
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd()
    )
    .join('\n')
}

const print = (rows: readonly Row[], format: string): string => {
  if (format === 'markdown') return markdownTable(heads, rows.map(cellsOf))
  if (format === 'text') return `${asTable(rows)}\n`
  const json = JSON.stringify(
    rows.map((row) => ({ ...row, moves: row.moves ?? null, driver: row.driver ?? null })),
    null,
    2
  )
  return `${json}\n`
}

/** `ralph backends`: all backends and what each can do. */
export const declareBackends = (program: Command, composition: Composition): void => {
  program
    .command('backends')
    .summary('list all backends and what each can do')
    .description(
      'Prints every backend: whether `ralph runserver` can use it, what `ralph list`, `read`, `write` (the first ' +
        'operation is the default) and `delete` can do with it, and the npm package of its client.'
    )
    .addOption(new Option('-f, --format <format>', 'how').choices(['text', 'markdown', 'json']).default('text'))
    .action(({ format }: { readonly format: string }) => {
      process.stdout.write(print(rowsOf(composition), format))
    })
}
