import type { Clock } from '../../contracts/clock.ts'
import type { KVPair, Registry, RegistrySettings } from '../../contracts/registry.ts'
import {
  alreadyThere,
  modified,
  noPrevious,
  normalizedDirectory,
  normalizedKey,
  notFound,
  nothingBelow
} from '../keys.ts'
import { createLocks, type LockHold, type LockTries } from '../lock.ts'
import { type Reading, stateOf, watching } from '../watching.ts'
import { createEtcdClient, type EtcdClient } from './client.ts'
import { asMessage, bytesOf, type EtcdMessage, inner, listOf, numberOf, textOf } from './message.ts'

/** What a request of a range asks for: one key, or all keys from one up to another. */
interface Range {
  readonly key: Buffer
  readonly rangeEnd?: Buffer
}

interface Compare {
  readonly result: number
  readonly target: number
  readonly key: Buffer
  readonly createRevision?: string
  readonly modRevision?: string
}

const createdAt = (key: Buffer, revision: string): Compare => ({ result: 0, target: 1, key, createRevision: revision })
const changedAt = (key: Buffer, revision: number): Compare => ({
  result: 0,
  target: 2,
  key,
  modRevision: String(revision)
})

/** Lease, in whole seconds. */
const grant = async (client: EtcdClient, ttl: number): Promise<string> => {
  const answer = await client.call('/etcdserverpb.Lease/LeaseGrant', { TTL: String(Math.ceil(ttl / 1000)) })
  return textOf(answer, 'ID')
}

const revoke = async (client: EtcdClient, lease: string): Promise<void> => {
  await client.call('/etcdserverpb.Lease/LeaseRevoke', { ID: lease })
}

const revisionOf = (answer: EtcdMessage): number => numberOf(inner(answer, 'header'), 'revision')

/** Waits until something in a range has changed after a revision. */
const changedAfter =
  (client: EtcdClient, range: Range, revision: number) =>
  (signal: AbortSignal): Promise<void> =>
    client.converse(
      '/etcdserverpb.Watch/Watch',
      { createRequest: { ...range, startRevision: String(revision + 1) } },
      // Canceled: what happened since was compacted. Then too what is there has to be read again.
      (answer) => answer.canceled === true || listOf(answer, 'events').length > 0,
      signal
    )

const holdOf = (client: EtcdClient, key: Buffer, lease: string, revision: string): LockHold => ({
  renew: async () => {
    let isAlive = false
    await client.converse(
      '/etcdserverpb.Lease/LeaseKeepAlive',
      { ID: lease },
      (answer) => {
        isAlive = numberOf(answer, 'TTL') > 0
        return true
      },
      AbortSignal.timeout(5000)
    )
    if (!isAlive) return false
    const answer = await client.call('/etcdserverpb.KV/Txn', { compare: [createdAt(key, revision)] })
    return answer.succeeded === true
  },
  release: async () => {
    const success = [{ requestDeleteRange: { key } }]
    await client.call('/etcdserverpb.KV/Txn', { compare: [createdAt(key, revision)], success })
    await revoke(client, lease)
  }
})

const lockTries = (client: EtcdClient, key: Buffer): LockTries => ({
  take: async (value, ttl) => {
    const lease = await grant(client, ttl)
    const answer = await client.call('/etcdserverpb.KV/Txn', {
      compare: [createdAt(key, '0')],
      success: [{ requestPut: { key, value, lease } }]
    })
    if (answer.succeeded === true) return holdOf(client, key, lease, String(revisionOf(answer)))
    await revoke(client, lease)
    return undefined
  },
  changed: async (signal) => {
    const answer = await client.call('/etcdserverpb.KV/Range', { key })
    if (listOf(answer, 'kvs').length > 0) await changedAfter(client, { key }, revisionOf(answer))(signal)
  }
})

/** Registry `etcd`: its v3 API. Keys stand below `/BUCKET/`; a directory that was made is a key that ends with a slash. */
export const openEtcd = async (settings: RegistrySettings, clock: Clock): Promise<Registry> => {
  const client = await createEtcdClient(settings, clock)
  const locks = createLocks()
  const root = `/${settings.bucket}/`
  const keyOf = (key: string): Buffer => Buffer.from(root + normalizedKey(key))
  /** 0 is the sign after the slash. */
  const below = (directory: string): Range => {
    const top = directory === '' ? root.slice(0, -1) : root + directory
    return { key: Buffer.from(`${top}/`), rangeEnd: Buffer.from(`${top}0`) }
  }
  const pairOf = (value: unknown): KVPair => {
    const kv = asMessage(value, 'kvs')
    const key = bytesOf(kv, 'key').toString().slice(root.length)
    return { key, value: bytesOf(kv, 'value'), lastIndex: numberOf(kv, 'modRevision') }
  }
  const range = async (of: Range): Promise<{ readonly pairs: readonly KVPair[]; readonly revision: number }> => {
    const answer = await client.call('/etcdserverpb.KV/Range', of)
    const pairs = listOf(answer, 'kvs').map(pairOf)
    return { pairs: pairs.filter(({ key }) => !key.endsWith('/') && key !== ''), revision: revisionOf(answer) }
  }
  const reading = async <Value>(of: Range, value: (pairs: readonly KVPair[]) => Value): Promise<Reading<Value>> => {
    const { pairs, revision } = await range(of)
    return { value: value(pairs), state: stateOf(pairs), changed: changedAfter(client, of, revision) }
  }
  const leaseFor = async (ttl: number | undefined): Promise<{ readonly lease?: string }> =>
    ttl === undefined ? {} : { lease: await grant(client, ttl) }
  const deleted = (answer: EtcdMessage): boolean => numberOf(answer, 'deleted') > 0
  return {
    place: client.place,
    put: async (key, value, { ttl, isDir = false } = {}) => {
      const at = keyOf(key)
      const lease = await leaseFor(ttl)
      const request = isDir ? { key: Buffer.concat([at, Buffer.from('/')]), ...lease } : { key: at, value, ...lease }
      await client.call('/etcdserverpb.KV/Put', request)
    },
    get: async (key) => {
      const [pair] = (await range({ key: keyOf(key) })).pairs
      if (pair === undefined) throw notFound(key)
      return pair
    },
    delete: async (key) => {
      if (!deleted(await client.call('/etcdserverpb.KV/DeleteRange', { key: keyOf(key) }))) throw notFound(key)
    },
    exists: async (key) => {
      const one = await client.call('/etcdserverpb.KV/Range', { key: keyOf(key), countOnly: true })
      if (numberOf(one, 'count') > 0) return true
      const answer = await client.call('/etcdserverpb.KV/Range', { ...below(normalizedKey(key)), countOnly: true })
      return numberOf(answer, 'count') > 0
    },
    watch: (key, signal) => {
      const at = keyOf(key)
      return watching(signal, () => reading({ key: at }, (pairs) => pairs[0]))
    },
    watchTree: (directory, signal) => {
      const of = below(normalizedDirectory(directory))
      return watching(signal, () => reading(of, (pairs) => pairs))
    },
    newLock: (key, options = {}) => locks.newLock(key, lockTries(client, keyOf(key)), options),
    list: async (directory) => {
      const name = normalizedDirectory(directory)
      const { pairs } = await range(below(name))
      if (pairs.length === 0) throw nothingBelow(name)
      return pairs
    },
    deleteTree: async (directory) => {
      const name = normalizedDirectory(directory)
      if (!deleted(await client.call('/etcdserverpb.KV/DeleteRange', below(name)))) throw nothingBelow(name)
    },
    atomicPut: async (key, value, previous, { ttl } = {}) => {
      const at = keyOf(key)
      const compare = [previous === undefined ? createdAt(at, '0') : changedAt(at, previous.lastIndex)]
      const lease = await leaseFor(ttl)
      const success = [{ requestPut: { key: at, value, ...lease } }]
      const answer = await client.call('/etcdserverpb.KV/Txn', { compare, success })
      if (answer.succeeded === true) return { key: normalizedKey(key), value, lastIndex: revisionOf(answer) }
      if (lease.lease !== undefined) await revoke(client, lease.lease)
      throw previous === undefined ? alreadyThere(key) : modified(key)
    },
    atomicDelete: async (key, previous) => {
      if (previous === undefined) throw noPrevious(key)
      const at = keyOf(key)
      const answer = await client.call('/etcdserverpb.KV/Txn', {
        compare: [changedAt(at, previous.lastIndex)],
        success: [{ requestDeleteRange: { key: at } }],
        failure: [{ requestRange: { key: at } }]
      })
      if (answer.succeeded === true) return
      const [failure] = listOf(answer, 'responses')
      const found = listOf(inner(asMessage(failure, 'responses'), 'responseRange'), 'kvs')
      throw found.length === 0 ? notFound(key) : modified(key)
    },
    close: async () => {
      await locks.unlockAll()
      client.close()
    }
  }
}
