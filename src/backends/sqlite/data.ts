import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { DatabaseSync } from 'node:sqlite'
import type { Listed, ListOptions, ReadBatch, ReadOptions, RecordsBackend } from '../../contracts/data-backend.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import { RalphError } from '../../errors.ts'
import { createPatience } from '../../network/patience.ts'
import { writeRecords } from '../../records/reconcile.ts'
import { lrsIsReadOnly, lrsTargetOf, parseRecordsQuery } from '../../records/rows.ts'
import { storeClosed } from '../../storage/closed.ts'
import { definitionOf, openLrsFile, openRecordsFile, quoted, requireName, tableNames } from './data/file.ts'
import { readLrs, readTable } from './data/read.ts'
import { recordContainer } from './data/write.ts'
import { translating } from './errors.ts'
import { fileOf } from './names.ts'

export interface SqliteDataOptions {
  readonly directory: string
  /** The name of the file in the directory. */
  readonly file: string
  readonly table: string
}

/** The files of the same directory in which our LRS keeps statements. */
function* lrsFilesIn(directory: string): Generator<Listed, void, undefined> {
  if (!existsSync(directory)) return
  for (const name of readdirSync(directory).sort()) {
    const [, target] = /^ralph(?:-(.+))?\.db$/.exec(name) ?? [undefined, null]
    if (target === null) continue
    const path = join(directory, name)
    const id = target === undefined ? 'lrs' : `lrs:${target}`
    yield { id, details: { name: id, path, size: statSync(path).size, kind: 'statements of an LRS' } }
  }
}

/**
 * Tables of records in one SQLite file: the id, the time, and the unchanged text of the record. The first write creates the file and its
 * tables. The statements of our LRS in the same directory can be read too.
 */
export const openSqliteData = async (options: SqliteDataOptions): Promise<RecordsBackend> => {
  const file = join(options.directory, options.file)
  const patience = createPatience()
  const made = new Set<string>()
  let opened: DatabaseSync | undefined
  let isClosed = false

  const open = (make: boolean): DatabaseSync | undefined => {
    if (isClosed) throw storeClosed(file)
    opened ??= openRecordsFile(file, make)
    return opened
  }

  const notThere = (table: string): RalphError =>
    new RalphError('NOT_FOUND', `${file} has no table ${table}`, { path: file })

  const requireTable = (table: string): DatabaseSync => {
    const database = open(false)
    if (database === undefined) throw new RalphError('NOT_FOUND', `${file} is not there`, { path: file })
    if (!translating(file, () => tableNames(database)).includes(table)) throw notThere(table)
    return database
  }

  async function* list({ signal }: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const database = open(false)
    const names = database === undefined ? [] : translating(file, () => tableNames(database))
    for (const id of names) {
      signal?.throwIfAborted()
      const row = translating(file, () => database?.prepare(`SELECT count(*) AS count FROM ${quoted(id)}`).get())
      yield { id, details: { name: id, path: file, records: Number(row?.count) } }
    }
    yield* lrsFilesIn(options.directory)
  }

  async function* read(query: string | undefined, wanted: ReadOptions): AsyncGenerator<ReadBatch, void, undefined> {
    const parsed = parseRecordsQuery(query)
    const lrs = lrsTargetOf(wanted.target)
    if (lrs === undefined) {
      const table = wanted.target ?? options.table
      yield* readTable({ database: requireTable(table), file }, table, parsed, wanted)
      return
    }
    const path = fileOf(options.directory, lrs.name)
    const database = openLrsFile(path)
    try {
      yield* readLrs({ database, file: path }, parsed, wanted)
    } finally {
      database.close()
    }
  }

  const status = (): BackendStatus => {
    if (isClosed) return { state: 'away', detail: storeClosed(file).message }
    const place = existsSync(options.directory) ? options.directory : dirname(options.directory)
    try {
      accessSync(place, constants.R_OK | constants.W_OK | constants.X_OK)
      open(false)
      return { state: 'ok' }
    } catch (error) {
      if (error instanceof RalphError) return { state: 'error', detail: error.message }
      return { state: 'error', detail: `${place} is not there, or cannot be read and written: change its permissions` }
    }
  }

  return {
    moves: 'records',
    status: async () => status(),
    list,
    read,
    write: async (batch, { target, operation, signal }) => {
      if (lrsTargetOf(target) !== undefined) throw lrsIsReadOnly()
      const table = requireName(target ?? options.table)
      return patience.run(async () => {
        const database = open(true)
        if (database === undefined) throw notThere(table)
        translating(file, () => {
          if (!made.has(table)) database.exec(definitionOf(table))
          made.add(table)
        })
        return writeRecords(recordContainer(database, file, table), batch, operation)
      }, signal)
    },
    delete: async (id) => {
      if (lrsTargetOf(id) !== undefined) throw lrsIsReadOnly()
      const database = requireTable(id)
      translating(file, () => database.exec(`DROP TABLE ${quoted(id)}`))
      made.delete(id)
      return { deleted: 1 }
    },
    close: async () => {
      isClosed = true
      opened?.close()
      opened = undefined
    }
  }
}
