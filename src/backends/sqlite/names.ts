import { join } from 'node:path'
import { requireTarget } from '../../settings/target.ts'

export interface SqliteOptions {
  /** The directory of the files. The default is RALPH_APP_DIR. It is created when it is missing. */
  readonly directory?: string
  /** How many of the newest statements are indexed only in memory. They are read again when the store is opened. */
  readonly maxInMemory?: number
}

/** The file of a target: `ralph.db`, or `ralph-<target>.db`. Throws `INVALID_SETTING` when the target cannot be a file name. */
export const fileOf = (directory: string, target: string | undefined): string =>
  join(directory, target === undefined ? 'ralph.db' : `ralph-${requireTarget(target)}.db`)
