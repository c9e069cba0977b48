import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { basename } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import type { BackendContext } from '../../contracts/lrs-backend.ts'
import type { CopyFilesOptions, StoreFiles } from '../../contracts/store-files.ts'
import { lockStore } from '../../durability/process-lock.ts'
import { RalphError } from '../../errors.ts'
import { isTarget } from '../../settings/target.ts'
import { translateError } from './errors.ts'
import { openSqlite } from './lrs.ts'
import { fileOf } from './names.ts'

/** Pages of 4 KiB that are copied in one step. The signal is checked between steps. */
const pagesPerStep = 2500

/** A write-ahead log beside the wrong database would damage it, so these files are always moved together. */
const companions = ['', '-wal', '-shm']

const requireSound = (file: string): void => {
  const database = new DatabaseSync(file, { readOnly: true })
  try {
    const [problem] = Object.values(database.prepare('PRAGMA quick_check(1)').get() ?? {})
    if (problem === 'ok') return
    throw new RalphError('STORE_CORRUPT', `${file}: ${problem}: restore it from an older backup`, { path: file })
  } finally {
    database.close()
  }
}

/** The online backup of SQLite within one read transaction. Writers continue, and the copy does not contain their changes. */
const copyDatabase = async (from: string, to: string, { signal, onProgress }: CopyFilesOptions): Promise<void> => {
  const source = new DatabaseSync(from, { readOnly: true, timeout: 5000 })
  try {
    // The transaction begins with the first read. Without it a commit of the server would restart the copy.
    source.exec('BEGIN')
    source.prepare('SELECT count(*) FROM sqlite_schema').get()
    await backup(source, to, {
      rate: pagesPerStep,
      progress: ({ totalPages, remainingPages }) => {
        signal?.throwIfAborted()
        onProgress?.((totalPages - remainingPages) * 4096, totalPages * 4096)
      }
    })
  } finally {
    source.close()
  }
  requireSound(to)
}

/** The files of the SQLite stores in a directory. */
export const sqliteFiles = (directory: string, context: BackendContext): StoreFiles => ({
  directory,
  targets: async () => {
    if (!existsSync(directory)) return []
    const names = readdirSync(directory)
    const targets = names.flatMap((name) => /^ralph-(.+)\.db$/.exec(name)?.[1] ?? []).filter(isTarget)
    return [...(names.includes('ralph.db') ? [undefined] : []), ...targets]
  },
  copy: async (target, into, options = {}) => {
    const from = fileOf(directory, target)
    mkdirSync(into, { recursive: true })
    try {
      await copyDatabase(from, fileOf(into, target), options)
    } catch (error) {
      options.signal?.throwIfAborted()
      throw translateError(error, from)
    }
  },
  names: (target) => companions.map((suffix) => `${basename(fileOf(directory, target))}${suffix}`),
  lock: (target) => lockStore(fileOf(directory, target)),
  open: async (other) => openSqlite({ directory: other }, context)
})
