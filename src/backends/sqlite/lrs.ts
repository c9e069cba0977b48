import { existsSync } from 'node:fs'
import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { tighten } from '../../durability/owner-only.ts'
import { notThere } from '../../storage/not-there.ts'
import { closeAll, openTargets, worstOf } from '../../storage/targets.ts'
import { fileOf, type SqliteOptions } from './names.ts'
import { openStore, type SqliteStore } from './store.ts'

export type { SqliteOptions } from './names.ts'

/** KiB of pages in memory: most are for the default target, since there may be many others. */
const cacheSizes = { default: 8000, target: 3000 }

/** Bytes of pages of statements that are ready to be sent again. */
const pageCacheSizes = { default: 2_000_000, target: 500_000 }

/** A move to the tables takes some milliseconds, and opening after a crash takes as long for each of these. */
const maxInMemory = 2000

interface SqlitePlace {
  readonly file: string
  readonly kind: 'default' | 'target'
}

/** Keeps each target in one SQLite file of its own. */
export const openSqlite = (options: SqliteOptions, context: BackendContext): LrsBackend => {
  const directory = options.directory ?? context.appDir
  return openTargets<SqlitePlace, SqliteStore>({
    placeOf: (target) => ({ file: fileOf(directory, target), kind: target === undefined ? 'default' : 'target' }),
    keyOf: ({ file }) => file,
    open: ({ file, kind }) => {
      if (context.mustExist && !existsSync(file)) throw notThere(file)
      const tightened = tighten([file, `${file}-wal`, `${file}-shm`])
      if (tightened !== undefined) context.warn(tightened)
      return openStore({
        file,
        clock: context.clock,
        maxInMemory: options.maxInMemory ?? maxInMemory,
        cacheSize: cacheSizes[kind],
        pageCacheSize: pageCacheSizes[kind]
      })
    },
    status: (_options, stores) => worstOf(stores),
    close: (stores) => closeAll(stores)
  })
}
