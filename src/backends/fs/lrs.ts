import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { tighten } from '../../durability/owner-only.ts'
import { RalphError } from '../../errors.ts'
import { requireTarget } from '../../settings/target.ts'
import { notThere } from '../../storage/not-there.ts'
import { closeAll, openTargets, worstOf } from '../../storage/targets.ts'
import type { StoreOptions } from './open-files.ts'
import { type FsStore, openStore } from './store.ts'

export interface FsOptions {
  /** The directory of the files. The default is RALPH_APP_DIR. It is created when it is missing. */
  readonly directory?: string
  /** The name of the file of statements in each directory. The default is `fs_lrs.jsonl`. */
  readonly file?: string
}

/**
 * A target is a directory with this name, beside the common file of statements. Throws `INVALID_SETTING` when the target cannot be a name,
 * or is the name of that file. Some file systems ignore case.
 */
export const directoryOf = ({ directory, file }: StoreOptions, target: string | undefined): string => {
  if (target === undefined) return directory
  if (target.toLowerCase() === file.toLowerCase()) {
    throw new RalphError(
      'INVALID_SETTING',
      `The target ${JSON.stringify(target)} is the name of the file of statements: give one of them another name`,
      { target }
    )
  }
  return join(directory, requireTarget(target))
}

/** Keeps each target in one file of JSON lines, in the form of Python Ralph. The other data is beside it in `.lrs`. */
export const openFs = (options: FsOptions, context: BackendContext): LrsBackend => {
  const directory = options.directory ?? context.appDir
  const file = options.file ?? 'fs_lrs.jsonl'
  return openTargets<string, FsStore>({
    placeOf: (target) => directoryOf({ directory, file }, target),
    keyOf: (own) => own,
    open: (own) => {
      // A store with documents only has `.lrs`, but no file of statements yet.
      const isThere = existsSync(join(own, file)) || existsSync(join(own, '.lrs'))
      if (context.mustExist && !isThere) throw notThere(join(own, file))
      // The mode of `.lrs` protects everything in it.
      const tightened = tighten([join(own, file), join(own, '.lrs')])
      if (tightened !== undefined) context.warn(tightened)
      return openStore({ directory: own, file }, context)
    },
    status: (_options, stores) => worstOf(stores),
    close: (stores) => closeAll(stores)
  })
}
