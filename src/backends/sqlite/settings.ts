import { join } from 'node:path'
import { RalphError } from '../../errors.ts'

export interface SqliteOptions {
  /** Where the files are; RALPH_APP_DIR unless set. Made when it is missing. */
  readonly directory?: string
  /** How many of the newest statements may be indexed in memory only; they are read again when a store is opened. */
  readonly maxInMemory?: number
}

/** What is a file name of its own on every file system, and cannot leave the directory. */
const safeTarget = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}$/

/** The file of a target: `ralph.db`, or `ralph-<target>.db`. `INVALID_SETTING` when a target cannot be a file name. */
export const fileOf = (directory: string, target: string | undefined): string => {
  if (target === undefined) return join(directory, 'ralph.db')
  if (!safeTarget.test(target)) {
    throw new RalphError(
      'INVALID_SETTING',
      `target ${JSON.stringify(target)} cannot name a SQLite store: up to 100 letters, digits, "_", "-" and "." are allowed`,
      { target }
    )
  }
  return join(directory, `ralph-${target}.db`)
}
