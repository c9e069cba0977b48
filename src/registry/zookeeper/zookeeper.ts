import type { KVPair, Registry, RegistrySettings } from '../../contracts/registry.ts'
import { RalphError } from '../../errors.ts'
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
import { type Reading, rest, stateOf, watching } from '../watching.ts'
import { createLeaves } from './leaves.ts'
import {
  childrenOf,
  createNode,
  indexOf,
  prune,
  readNode,
  readTree,
  removeBelow,
  removeNode,
  setNode,
  statOf,
  unless
} from './nodes.ts'
import { openSession, placeOf, type ZookeeperSession, zookeeperCodes } from './session.ts'

/** Milliseconds for which the session of reads and writes lasts without its client; nothing hangs on it. */
const sessionTimeout = 10_000
/** What is watched is read again after so long, whatever the server has said: one that hangs says nothing. */
const longestSilence = 30_000

const { noNode, notEmpty, badVersion, nodeExists } = zookeeperCodes

/** What changes, told to those who wait: a sign that comes before the wait is not lost. */
const createSign = () => {
  let isGiven = false
  let tell: () => void = () => {}
  return {
    give: (): void => {
      isGiven = true
      tell()
    },
    next: async (signal: AbortSignal): Promise<void> => {
      const over = new AbortController()
      if (!isGiven)
        await Promise.race([
          new Promise<void>((resolve) => {
            tell = resolve
          }),
          rest(longestSilence, AbortSignal.any([signal, over.signal]))
        ])
      over.abort()
      isGiven = false
    }
  }
}

/** The session of reads and writes; a new one when the last one is over. `changed` is told when it was away or is over. */
const createCurrent = (settings: RegistrySettings, place: string, changed: () => void) => {
  let isClosed = false
  let current: Promise<ZookeeperSession> | undefined
  const session = async (): Promise<ZookeeperSession> => {
    if (isClosed) throw new RalphError('REGISTRY_UNREACHABLE', `${place} was closed`)
    const before = current
    if (before !== undefined && !(await before).isOver()) return before
    if (current === before) {
      current = openSession(settings, sessionTimeout, changed)
      current.catch(() => {
        current = undefined
      })
    }
    return session()
  }
  return {
    session,
    close: async (): Promise<void> => {
      isClosed = true
      const last = await current?.catch(() => undefined)
      await last?.close()
    }
  }
}

/** What the calls of a registry share: the session, the paths of nodes, and what watches and locks do. */
const createAccess = (settings: RegistrySettings, { ACL, CreateMode }: typeof import('node-zookeeper-client')) => {
  const root = `/${settings.bucket}`
  const acls = settings.username === undefined ? ACL.OPEN_ACL_UNSAFE : ACL.CREATOR_ALL_ACL
  const place = placeOf(settings)
  const signs = new Set<() => void>()
  const { session, close } = createCurrent(settings, place, () => {
    for (const give of signs) give()
  })
  const pathOf = (key: string): string => `${root}/${normalizedKey(key)}`
  const directoryOf = (directory: string): string => (directory === '' ? root : `${root}/${directory}`)
  const keyOf = (path: string): string => path.slice(root.length + 1)
  const leaves = createLeaves({ settings, session, acls, place })
  const valueAt = async (path: string, watcher?: () => void): Promise<KVPair | undefined> => {
    const node = await readNode(await session(), path, watcher)
    if (node?.value === undefined) return undefined
    return { key: keyOf(path), value: node.value, lastIndex: indexOf(node.stat) }
  }
  const tree = async (directory: string, watcher?: () => void): Promise<readonly KVPair[]> => {
    const nodes = await readTree(await session(), directoryOf(directory), watcher)
    const pairs = nodes.flatMap(({ path, value, stat }) =>
      value === undefined ? [] : [{ key: keyOf(path), value, lastIndex: indexOf(stat) }]
    )
    return pairs.toSorted(byKey)
  }
  async function* watched<Value>(
    signal: AbortSignal,
    read: (watcher: () => void) => Promise<Omit<Reading<Value>, 'changed'>>
  ): AsyncGenerator<Value, void, undefined> {
    const { give, next } = createSign()
    signs.add(give)
    try {
      yield* watching(signal, async () => ({ ...(await read(give)), changed: next }))
    } finally {
      signs.delete(give)
    }
  }
  const tries = (path: string): LockTries => ({
    take: async (value, ttl) => {
      const own = await leaves.sessionFor(ttl)
      try {
        await createNode(own, path, { value: Buffer.from(value), acls, mode: CreateMode.EPHEMERAL })
      } catch (error) {
        await own.close()
        return unless(Promise.reject(error), undefined, nodeExists)
      }
      return {
        renew: async () => (await statOf(own, path))?.ephemeralOwner.toString('hex') === own.id() && !own.isOver(),
        release: () => own.close(settings.timeout)
      }
    },
    changed: async (signal) => {
      const { give, next } = createSign()
      signs.add(give)
      if ((await statOf(await session(), path, give)) !== null) await next(signal)
      signs.delete(give)
    }
  })
  const forget = async (path: string, version: number): Promise<void> => {
    const own = await session()
    try {
      await removeNode(own, path, version)
    } catch (error) {
      // Something is below it: it becomes a directory.
      if ((await unless(Promise.reject(error), true, notEmpty)) === true) await setNode(own, path, undefined, version)
    }
    await prune(own, path, root)
  }
  return {
    acls,
    CreateMode,
    root,
    place,
    leaves,
    session,
    pathOf,
    directoryOf,
    valueAt,
    tree,
    watched,
    tries,
    forget,
    close
  }
}

/** Registry `zookeeper`: keys are nodes below `/BUCKET`. A node without a value is a directory. */
export const openZookeeper = async (settings: RegistrySettings): Promise<Registry> => {
  const access = createAccess(settings, (await import('node-zookeeper-client')).default)
  const { acls, CreateMode, root, place, leaves, session, pathOf, directoryOf, valueAt, tree } = access
  const { watched, tries, forget } = access
  const locks = createLocks()
  return {
    place,
    put: async (key, value, { ttl, isDir = false } = {}) => {
      const path = pathOf(key)
      if (!isDir) return leaves.put(path, Buffer.from(value), ttl)
      const directory = { value: undefined, acls, mode: CreateMode.PERSISTENT }
      await unless(createNode(await session(), path, directory), undefined, nodeExists)
    },
    get: async (key) => {
      const pair = await valueAt(pathOf(key))
      if (pair === undefined) throw notFound(key)
      return pair
    },
    delete: async (key) => {
      const path = pathOf(key)
      if ((await valueAt(path)) === undefined) throw notFound(key)
      if ((await unless(forget(path, -1), 'gone', noNode)) === 'gone') throw notFound(key)
    },
    exists: async (key) => (await statOf(await session(), pathOf(key))) !== null,
    watch: (key, signal) => {
      const path = pathOf(key)
      return watched(signal, async (watcher) => {
        await statOf(await session(), path, watcher)
        const value = await valueAt(path, watcher)
        return { value, state: stateOf(value === undefined ? [] : [value]) }
      })
    },
    watchTree: (directory, signal) => {
      const name = normalizedDirectory(directory)
      return watched(signal, async (watcher) => {
        const value = await tree(name, watcher)
        return { value, state: stateOf(value) }
      })
    },
    newLock: (key, options = {}) => locks.newLock(key, tries(pathOf(key)), options),
    list: async (directory) => {
      const name = normalizedDirectory(directory)
      const pairs = await tree(name)
      if (pairs.length === 0) throw nothingBelow(name)
      return pairs
    },
    deleteTree: async (directory) => {
      const name = normalizedDirectory(directory)
      const path = directoryOf(name)
      const own = await session()
      const wasThere = (await childrenOf(own, path)) !== undefined && (await readNode(own, path))?.value === undefined
      if (!(await removeBelow(own, path)) && !(wasThere && name !== '')) throw nothingBelow(name)
      // The directory goes with what was in it.
      if (name !== '') await prune(own, `${path}/`, root)
    },
    atomicPut: async (key, value, previous, { ttl } = {}) => {
      const lastIndex = await leaves.atomicPut(pathOf(key), Buffer.from(value), previous?.lastIndex, ttl)
      if (lastIndex === undefined) throw previous === undefined ? alreadyThere(key) : modified(key)
      return { key: normalizedKey(key), value, lastIndex }
    },
    atomicDelete: async (key, previous) => {
      if (previous === undefined) throw noPrevious(key)
      const path = pathOf(key)
      const node = await readNode(await session(), path)
      if (node?.value === undefined) throw notFound(key)
      if (indexOf(node.stat) !== previous.lastIndex) throw modified(key)
      const refused = await unless(forget(path, node.stat.version), 'changed', badVersion, noNode)
      if (refused === 'changed') throw modified(key)
    },
    close: async () => {
      await locks.unlockAll()
      await access.close()
    }
  }
}
