import { existsSync } from 'node:fs'
import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { tighten } from '../../durability/owner-only.ts'
import { notThere } from '../../storage/not-there.ts'
import { closeAll, openTargets, worstOf } from '../../storage/targets.ts'
import { fileOf, type SqliteOptions } from './names.ts'
import { openStore, type SqliteStore } from './store.ts'

export type { SqliteOptions } from './names.ts'

/** KiB of pages in memory. Most are for the default target, because there may be many others. */
const cacheSizes = { default: 8000, target: 3000 }

/** Bytes of pages of statements that are kept to be sent again. */
const pageCacheSizes = { default: 2_000_000, target: 500_000 }

/** Moving this many to the tables takes some milliseconds. Opening after a crash takes as long for each statement. */
const maxInMemory = 2000

interface SqlitePlace {
  readonly file: string
  readonly kind: 'default' | 'target'
}

/** Keeps each target in a separate SQLite file. */
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
