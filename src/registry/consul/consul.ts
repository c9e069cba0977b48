import type { KVPair, Previous, Registry, RegistrySettings } from '../../contracts/registry.ts'
import {
  alreadyThere,
  byKey,
  modified,
  noPrevious,
  normalizedDirectory,
  normalizedKey,
  notFound,
  nothingBelow
} from '../keys.ts'
import { createLocks, type LockTries } from '../lock.ts'
import { stateOf, watching } from '../watching.ts'
import type { ConsulEntry } from './answers.ts'
import { type ConsulKeys, type ConsulStep, createKeys } from './keys.ts'
import { createConsulRequests } from './requests.ts'
import { type ConsulSessions, createSessions } from './sessions.ts'

/** What holds a value; a key that ends with a slash is a directory. */
const pairsOf = (entries: readonly ConsulEntry[]): readonly KVPair[] =>
  entries
    .map(({ pair }) => pair)
    .filter(({ key }) => key !== '' && !key.endsWith('/'))
    .toSorted(byKey)

const lockTries = (keys: ConsulKeys, sessions: ConsulSessions, at: string): LockTries => ({
  take: async (value, ttl) => {
    const session = await sessions.make(ttl)
    if (!(await keys.acquire(at, value, session))) {
      await sessions.end(session)
      return undefined
    }
    return {
      renew: async () => (await sessions.renew(session)) && (await keys.read(at)).entry?.session === session,
      // The key goes with the session, if it is still its own.
      release: () => sessions.end(session)
    }
  },
  changed: async (signal) => {
    const { entry, index } = await keys.read(at)
    if (entry?.session !== undefined) await keys.changed(at, index, { isPrefix: false, signal })
  }
})

/**
 * Puts values. What was there is deleted in the same transaction: a value that stands in a session would go with it, and a value that is
 * put again, equal, would keep its index.
 */
const createPuts = (keys: ConsulKeys, sessions: ConsulSessions) => {
  /** The index of the new value; undefined: the check did not hold. */
  const put = async (
    at: string,
    value: Uint8Array,
    ttl: number | undefined,
    check?: ConsulStep
  ): Promise<number | undefined> => {
    const content = { Key: at, Value: Buffer.from(value).toString('base64') }
    const before: readonly ConsulStep[] = [...(check === undefined ? [] : [check]), { Verb: 'delete', Key: at }]
    if (ttl === undefined) return keys.change([...before, { Verb: 'set', ...content }])
    const session = await sessions.make(ttl)
    const index = await keys.change([...before, { Verb: 'lock', ...content, Session: session }])
    if (index === undefined) await sessions.end(session)
    return index
  }
  const atomicPut = (at: string, value: Uint8Array, previous: Previous | undefined, ttl: number | undefined) =>
    put(
      at,
      value,
      ttl,
      previous === undefined
        ? { Verb: 'check-not-exists', Key: at }
        : { Verb: 'check-index', Key: at, Index: previous.lastIndex }
    )
  return { put, atomicPut }
}

/** Registry `consul`: its HTTP API. Keys stand below `BUCKET/`; a directory that was made is a key that ends with a slash. */
export const openConsul = (settings: RegistrySettings): Registry => {
  const root = `${settings.bucket}/`
  const requests = createConsulRequests(settings)
  const keys = createKeys(requests, root)
  const sessions = createSessions(requests)
  const { put, atomicPut } = createPuts(keys, sessions)
  const locks = createLocks()
  const keyOf = (key: string): string => root + normalizedKey(key)
  const prefixOf = (name: string): string => (name === '' ? root : `${root}${name}/`)
  return {
    place: requests.place,
    put: async (key, value, { ttl, isDir = false } = {}) => {
      const at = keyOf(key)
      await (isDir ? put(`${at}/`, new Uint8Array(), ttl) : put(at, value, ttl))
    },
    get: async (key) => {
      const { entry } = await keys.read(keyOf(key))
      if (entry === undefined) throw notFound(key)
      return entry.pair
    },
    delete: async (key) => {
      const at = keyOf(key)
      const done = await keys.change([
        { Verb: 'get', Key: at },
        { Verb: 'delete', Key: at }
      ])
      if (done === undefined) throw notFound(key)
    },
    exists: async (key) => {
      const at = keyOf(key)
      return (await keys.read(at)).entry !== undefined || keys.isAnyBelow(`${at}/`)
    },
    watch: (key, signal) => {
      const at = keyOf(key)
      return watching(signal, async () => {
        const { entry, index } = await keys.read(at)
        return {
          value: entry?.pair,
          state: stateOf(entry === undefined ? [] : [entry.pair]),
          changed: (signal) => keys.changed(at, index, { isPrefix: false, signal })
        }
      })
    },
    watchTree: (directory, signal) => {
      const prefix = prefixOf(normalizedDirectory(directory))
      return watching(signal, async () => {
        const { entries, index } = await keys.readAll(prefix)
        const value = pairsOf(entries)
        return {
          value,
          state: stateOf(value),
          changed: (signal) => keys.changed(prefix, index, { isPrefix: true, signal })
        }
      })
    },
    newLock: (key, options = {}) => locks.newLock(key, lockTries(keys, sessions, keyOf(key)), options),
    list: async (directory) => {
      const name = normalizedDirectory(directory)
      const pairs = pairsOf((await keys.readAll(prefixOf(name))).entries)
      if (pairs.length === 0) throw nothingBelow(name)
      return pairs
    },
    deleteTree: async (directory) => {
      const name = normalizedDirectory(directory)
      const prefix = prefixOf(name)
      if (!(await keys.isAnyBelow(prefix))) throw nothingBelow(name)
      await keys.deleteAll(prefix)
    },
    atomicPut: async (key, value, previous, { ttl } = {}) => {
      const lastIndex = await atomicPut(keyOf(key), value, previous, ttl)
      if (lastIndex === undefined) throw previous === undefined ? alreadyThere(key) : modified(key)
      return { key: normalizedKey(key), value, lastIndex }
    },
    atomicDelete: async (key, previous) => {
      if (previous === undefined) throw noPrevious(key)
      const at = keyOf(key)
      const done = await keys.change([
        { Verb: 'check-index', Key: at, Index: previous.lastIndex },
        { Verb: 'delete', Key: at }
      ])
      if (done !== undefined) return
      throw (await keys.read(at)).entry === undefined ? notFound(key) : modified(key)
    },
    close: () => locks.unlockAll()
  }
}
