import { mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Clock } from '../contracts/clock.ts'
import type { KVPair, PutOptions, Registry, RegistrySettings } from '../contracts/registry.ts'
import { lockStore } from '../durability/process-lock.ts'
import { messageOf, RalphError } from '../errors.ts'
import {
  alreadyThere,
  modified,
  noPrevious,
  normalizedDirectory,
  normalizedKey,
  notFound,
  nothingBelow
} from './keys.ts'

const schema = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY,
    value BLOB NOT NULL,
    last_index INTEGER NOT NULL,
    -- Milliseconds since 1970; NULL: it stays.
    expires INTEGER
  ) STRICT;
  CREATE TABLE IF NOT EXISTS counter (only INTEGER PRIMARY KEY CHECK (only = 1), last_index INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO counter VALUES (1, 0);
`

const notSupported = (call: string): never => {
  throw new RalphError(
    'CALL_NOT_SUPPORTED',
    `boltdb is a file of one process and has no ${call}: use etcd or zookeeper`,
    { call }
  )
}

const opened = (path: string): { readonly database: DatabaseSync; readonly release: () => void } => {
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (cause) {
    throw new RalphError('REGISTRY_UNREACHABLE', `${path} cannot be made: ${messageOf(cause)}`, { path }, { cause })
  }
  const lock = lockStore(path)
  try {
    const database = new DatabaseSync(path)
    database.exec(schema)
    return { database, release: lock.release }
  } catch (cause) {
    lock.release()
    throw new RalphError('REGISTRY_UNREACHABLE', `${path} cannot be opened: ${messageOf(cause)}`, { path }, { cause })
  }
}

/** The keys of one bucket in the file. */
const createTable = (database: DatabaseSync, path: string, bucket: string, clock: Clock) => {
  const now = (): number => Math.floor(clock() / 1000)
  const select = database.prepare(
    'SELECT key, value, last_index AS lastIndex FROM keys WHERE key = ? AND (expires IS NULL OR expires > ?)'
  )
  // 0 is the sign after the slash: what is below a directory, and nothing else, stands between the two.
  const below = database.prepare(
    `SELECT key, value, last_index AS lastIndex FROM keys
     WHERE key >= ? AND key < ? AND key NOT LIKE '%/' AND (expires IS NULL OR expires > ?) ORDER BY key`
  )
  const anything = database.prepare(
    'SELECT 1 FROM keys WHERE (key = ? OR (key >= ? AND key < ?)) AND (expires IS NULL OR expires > ?) LIMIT 1'
  )
  const next = database.prepare('UPDATE counter SET last_index = last_index + 1 RETURNING last_index AS lastIndex')
  const write = database.prepare('INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)')
  const remove = database.prepare('DELETE FROM keys WHERE key = ?')
  const removeBelow = database.prepare('DELETE FROM keys WHERE key >= ? AND key < ?')
  const full = (key: string): string => `${bucket}/${key}`
  const range = (directory: string): readonly [string, string, string] => {
    const top = directory === '' ? bucket : full(directory)
    return [top, `${top}/`, `${top}0`]
  }
  const pairOf = (row: Record<string, unknown> | undefined): KVPair | undefined => {
    if (row === undefined) return undefined
    const { key, value, lastIndex } = row
    if (typeof key !== 'string' || !(value instanceof Uint8Array) || typeof lastIndex !== 'number')
      throw new RalphError('STORE_CORRUPT', `${path} holds something that Ralph has not written`, { path })
    return { key: key.slice(bucket.length + 1), value, lastIndex }
  }
  const find = (key: string): KVPair | undefined => pairOf(select.get(full(key), now()))
  const store = (key: string, value: Uint8Array, { ttl, isDir = false }: PutOptions): KVPair => {
    const lastIndex = Number(next.get()?.lastIndex)
    // A key that ends with a slash is a directory.
    const [name, content] = isDir ? [`${full(key)}/`, new Uint8Array()] : [full(key), value]
    write.run(name, content, lastIndex, ttl === undefined ? null : now() + ttl)
    return { key, value, lastIndex }
  }
  /** All of it or nothing; a process that is killed leaves nothing half done. */
  const atOnce = <Result>(work: () => Result): Result => {
    database.exec('BEGIN IMMEDIATE')
    try {
      const result = work()
      database.exec('COMMIT')
      return result
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
  return {
    find,
    store,
    atOnce,
    isThere: (key: string): boolean => anything.get(...range(key), now()) !== undefined,
    remove: (key: string): void => {
      remove.run(full(key))
    },
    below: (directory: string): readonly KVPair[] => {
      const [, from, to] = range(directory)
      return below.all(from, to, now()).flatMap((row) => pairOf(row) ?? [])
    },
    /** Whether there was anything. */
    removeBelow: (directory: string): boolean => {
      const [, from, to] = range(directory)
      return Number(removeBelow.run(from, to).changes) > 0
    }
  }
}

/**
 * Registry `boltdb`: the contract of a store of BoltDB in a file of SQLite; not its file format. One process has it: for
 * another one it is `STORE_IN_USE`. Watch, WatchTree and NewLock are `CALL_NOT_SUPPORTED`.
 */
export const openLocal = (
  { endpoints, bucket }: Pick<RegistrySettings, 'endpoints' | 'bucket'>,
  clock: Clock
): Registry => {
  const path = resolve(endpoints[0] ?? '')
  const { database, release } = opened(path)
  const { find, store, atOnce, isThere, remove, below, removeBelow } = createTable(database, path, bucket, clock)
  return {
    place: `boltdb in ${path}`,
    put: async (key, value, options = {}) => {
      atOnce(() => store(normalizedKey(key), value, options))
    },
    get: async (key) => {
      const found = find(normalizedKey(key))
      if (found === undefined) throw notFound(key)
      return found
    },
    delete: async (key) => {
      const name = normalizedKey(key)
      atOnce(() => {
        if (find(name) === undefined) throw notFound(key)
        remove(name)
      })
    },
    exists: async (key) => isThere(normalizedKey(key)),
    watch: () => notSupported('Watch'),
    watchTree: () => notSupported('WatchTree'),
    newLock: () => notSupported('NewLock'),
    list: async (directory) => {
      const name = normalizedDirectory(directory)
      const pairs = below(name)
      if (pairs.length === 0) throw nothingBelow(name)
      return pairs
    },
    deleteTree: async (directory) => {
      const name = normalizedDirectory(directory)
      atOnce(() => {
        if (!removeBelow(name)) throw nothingBelow(name)
      })
    },
    atomicPut: async (key, value, previous, options = {}) => {
      const name = normalizedKey(key)
      return atOnce(() => {
        const found = find(name)
        if (previous === undefined && found !== undefined) throw alreadyThere(name)
        if (previous !== undefined && found?.lastIndex !== previous.lastIndex) throw modified(name)
        return store(name, value, options)
      })
    },
    atomicDelete: async (key, previous) => {
      const name = normalizedKey(key)
      if (previous === undefined) throw noPrevious(name)
      atOnce(() => {
        const found = find(name)
        if (found === undefined) throw notFound(name)
        if (found.lastIndex !== previous.lastIndex) throw modified(name)
        remove(name)
      })
    },
    close: async () => {
      if (database.isOpen) database.close()
      release()
    }
  }
}
