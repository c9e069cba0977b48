import { readlinkSync, realpathSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { RalphError } from '../errors.ts'
import { resultCode } from './sqlite-result.ts'

export interface ProcessLock {
  /** It may be called twice. */
  release(): void
}

/** SQLITE_BUSY: another process holds the lock. */
const busy = 5

const linkAt = (path: string): string | undefined => {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

/** The number of links that an operating system follows before it reports a loop. */
const maxLinks = 40

/** The file that a path leads to through symbolic links. The file may be missing, its directory must exist. */
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
 * Makes this process the only writer of the store at `path`. Throws `STORE_IN_USE` if another process is, `STORE_FULL` if the lock file
 * cannot be written. Node has no file locks, but SQLite has portable ones: `<path>.lock` is an empty database with an exclusive transaction
 * that never ends. The operating system releases it when the process ends in any way. The files of the store stay open to readers. The lock
 * is beside the real file, so a store that is reached by a link is the same store.
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
        `another process writes to ${path}: stop it, or give this process another store`,
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
