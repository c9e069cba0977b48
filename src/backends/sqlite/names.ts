import { join } from 'node:path'
import { requireTarget } from '../../settings/target.ts'

export interface SqliteOptions {
  /** Where the files are; RALPH_APP_DIR unless set. Made when it is missing. */
  readonly directory?: string
  /** How many of the newest statements may be indexed in memory only; they are read again when a store is opened. */
  readonly maxInMemory?: number
}

/** The file of a target: `ralph.db`, or `ralph-<target>.db`. `INVALID_SETTING` when a target cannot be a name. */
export const fileOf = (directory: string, target: string | undefined): string =>
  join(directory, target === undefined ? 'ralph.db' : `ralph-${requireTarget(target)}.db`)
