import { DatabaseSync } from 'node:sqlite'
import { RalphError } from '../errors.ts'

export interface ProcessLock {
  /** May be called twice. */
  release(): void
}

/** SQLITE_BUSY: somebody else holds the lock. */
const busy = 5

const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

/**
 * Makes this process the only writer of the store at `path`: `STORE_IN_USE` when another one is, `STORE_FULL` when the
 * lock file cannot be written. Node has no file locks of its own, SQLite has portable ones: `<path>.lock` is an empty
 * database under an exclusive transaction that never ends. The operating system lets go of it when the process dies,
 * however it dies; the store's own files stay open to readers.
 */
export const lockStore = (path: string): ProcessLock => {
  const file = `${path}.lock`
  let database: DatabaseSync | undefined
  try {
    database = new DatabaseSync(file, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database?.close()
    if (resultCode(cause) === busy) {
      throw new RalphError(
        'STORE_IN_USE',
        `another process writes to ${path}: stop it, or give this one a store of its own`,
        { path },
        { cause }
      )
    }
    throw new RalphError('STORE_FULL', `cannot write the lock file ${file}`, { path: file }, { cause })
  }
  return {
    release: () => {
      if (database?.isOpen) database.close()
    }
  }
}
