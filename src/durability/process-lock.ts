import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RalphError } from '../errors.ts'
import { resultCode } from './sqlite-result.ts'

export interface ProcessLock {
  /** May be called twice. */
  release(): void
}

/** SQLITE_BUSY: somebody else holds the lock. */
const busy = 5

const linkAt = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** Links that the operating system follows before it speaks of a loop. */
const maxLinks = 40

/** The file that a path leads to through symbolic links; it need not be there yet, its directory must. */
export const realPathOf = (path: string): string => {
  let real = path
  for (let links = 0; links < maxLinks; links += 1) {
    const to = linkAt(real)
    if (to === undefined) return join(realpathSync(dirname(real)), basename(real))
    real = resolve(dirname(real), to)
  }
  throw new RalphError('STORE_UNAVAILABLE', `${path} is a loop of symbolic links`, { path })
}

/**
 * Makes this process the only writer of the store at `path`: `STORE_IN_USE` when another one is, `STORE_FULL` when the
 * lock file cannot be written. Node has no file locks of its own, SQLite has portable ones: `<path>.lock` is an empty
 * database under an exclusive transaction that never ends. The operating system lets go of it when the process dies,
 * however it dies; the store's own files stay open to readers. The lock stands beside the real file: a store that is
 * reached through a link is the same store.
 */
export const lockStore = (path: string): ProcessLock => {
  let file = `${path}.lock`
  let database: DatabaseSync | undefined
  try {
    file = `${realPathOf(path)}.lock`
    database = new DatabaseSync(file, { timeout: 0 })
    database.exec('BEGIN EXCLUSIVE')
  } catch (cause) {
    database?.close()
    if (cause instanceof RalphError) throw cause
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
