import { existsSync } from 'node:fs'
import type { BackendContext, BackendStatus, LrsBackend } from '../../contracts/lrs-backend.ts'
import { tighten } from '../../durability/owner-only.ts'
import { RalphError } from '../../errors.ts'
import { notThere } from '../../storage/not-there.ts'
import { fileOf, type SqliteOptions } from './names.ts'
import { openStore, type SqliteStore } from './store.ts'

export type { SqliteOptions } from './names.ts'

/** KiB of pages in memory: most are for the default target, since there may be many others. */
const cacheSizes = { default: 8000, target: 3000 }

/** Bytes of pages of statements that are ready to be sent again. */
const pageCacheSizes = { default: 2_000_000, target: 500_000 }

/** A move to the tables takes some milliseconds, and opening after a crash takes as long for each of these. */
const maxInMemory = 2000

/** All of them, whether or not one fails; then the first failure is thrown. */
const closeAll = async (stores: readonly SqliteStore[]): Promise<void> => {
  const closed = await Promise.allSettled(stores.map((store) => store.close()))
  const failed = closed.find(({ status }) => status === 'rejected')
  if (failed?.status === 'rejected') throw failed.reason
}

/** Keeps each target in one SQLite file of its own. */
export const openSqlite = (options: SqliteOptions, context: BackendContext): LrsBackend => {
  const directory = options.directory ?? context.appDir
  const stores = new Map<string | undefined, SqliteStore>()
  let closing: Promise<void> | undefined

  const worst = async (): Promise<BackendStatus> => {
    for (const store of stores.values()) {
      const status = await store.status()
      if (status.state !== 'ok') return status
    }
    return { state: 'ok' }
  }

  return {
    store: async (target) => {
      if (closing) throw new RalphError('STORE_UNAVAILABLE', 'the store is closed')
      const open = stores.get(target)
      if (open) return open
      const file = fileOf(directory, target)
      if (context.mustExist && !existsSync(file)) throw notThere(file)
      const tightened = tighten([file, `${file}-wal`, `${file}-shm`])
      if (tightened !== undefined) context.warn(tightened)
      const kind = target === undefined ? 'default' : 'target'
      const store = openStore({
        file,
        clock: context.clock,
        maxInMemory: options.maxInMemory ?? maxInMemory,
        cacheSize: cacheSizes[kind],
        pageCacheSize: pageCacheSizes[kind]
      })
      stores.set(target, store)
      return store
    },
    status: async (options = {}) => {
      options.signal?.throwIfAborted()
      return closing ? { state: 'away', detail: 'the store is closed' } : worst()
    },
    close: () => {
      closing ??= closeAll([...stores.values()])
      return closing
    }
  }
}
