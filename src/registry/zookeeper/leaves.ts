import type { Acl } from 'node-zookeeper-client'
import type { RegistrySettings } from '../../contracts/registry.ts'
import { RalphError } from '../../errors.ts'
import { createNode, indexOf, isEphemeral, isRefusal, readNode, setNode, statOf, unless } from './nodes.ts'
import { openSession, type ZookeeperSession, zookeeperCodes } from './session.ts'

const { noNode, badVersion, nodeExists, notEmpty } = zookeeperCodes
const persistent = 0
const ephemeral = 1

interface LeavesContext {
  readonly settings: RegistrySettings
  /** The session of reads and writes. */
  readonly session: () => Promise<ZookeeperSession>
  readonly acls: readonly Acl[]
  readonly place: string
}

/** Puts values. One with a TTL is ephemeral in a session that is abandoned at once, and ends with it. */
export const createLeaves = ({ settings, session, acls, place }: LeavesContext) => {
  /** A session of its own that lasts for a TTL; the server may make it longer. */
  const sessionFor = async (ttl: number): Promise<ZookeeperSession> => {
    const own = await openSession(settings, ttl)
    if (own.timeout() >= ttl) return own
    await own.close()
    throw new RalphError(
      'INVALID_PARAMETER',
      `${place} keeps no session for longer than ${own.timeout()} ms, so a TTL of ${ttl} ms is not possible: raise its maxSessionTimeout`,
      { ttl, longest: own.timeout() }
    )
  }
  /** In the place of what is there, if anything is. */
  const replace = async (own: ZookeeperSession, path: string, value: Buffer, mode: number): Promise<void> => {
    for (;;) {
      const stat = await statOf(own, path)
      if (stat !== null && !isEphemeral(stat) && mode === persistent) {
        if ((await unless(setNode(own, path, value, -1), 'gone', noNode)) !== 'gone') return
        continue
      }
      const swap = (): Promise<void> =>
        own.ask<void>((client, done) =>
          client
            .transaction()
            .remove(path)
            .create(path, value, acls, mode)
            .commit((error) => done(error))
        )
      try {
        return await (stat === null ? createNode(own, path, { value, acls, mode }) : swap())
      } catch (error) {
        if (isRefusal(error, notEmpty))
          throw new RalphError('INVALID_PARAMETER', `something is below ${path}, so it cannot have a TTL`, { path })
        // Somebody was quicker: once more.
        if (!isRefusal(error, nodeExists, noNode)) throw error
      }
    }
  }
  const put = async (path: string, value: Buffer, ttl: number | undefined): Promise<void> => {
    if (ttl === undefined) return replace(await session(), path, value, persistent)
    const own = await sessionFor(ttl)
    try {
      await replace(own, path, value, ephemeral)
    } finally {
      own.abandon()
    }
  }
  const made = async (path: string, value: Buffer, ttl: number | undefined): Promise<number | undefined> => {
    const own = ttl === undefined ? await session() : await sessionFor(ttl)
    const mode = ttl === undefined ? persistent : ephemeral
    try {
      await createNode(own, path, { value, acls, mode })
      const stat = await statOf(own, path)
      // Created by us: whoever changes it later leaves the transaction of its making as it is.
      return stat === null ? undefined : indexOf({ mzxid: stat.czxid })
    } catch (error) {
      return unless(Promise.reject(error), undefined, nodeExists)
    } finally {
      if (ttl !== undefined) own.abandon()
    }
  }
  return {
    sessionFor,
    put,
    /** The index of the new value; undefined: what was expected is not there. */
    atomicPut: async (
      path: string,
      value: Buffer,
      previous: number | undefined,
      ttl: number | undefined
    ): Promise<number | undefined> => {
      const node = await readNode(await session(), path)
      // A directory that has no value yet may get one.
      const isFree = node === undefined || node.value === undefined
      if (previous === undefined && node === undefined) return made(path, value, ttl)
      if (previous === undefined ? !isFree : isFree || indexOf(node.stat) !== previous) return undefined
      if (node === undefined) return undefined
      const stat = await unless(setNode(await session(), path, value, node.stat.version), undefined, badVersion, noNode)
      if (stat === undefined || (ttl === undefined && !isEphemeral(stat))) return stat && indexOf(stat)
      await put(path, value, ttl)
      const after = await statOf(await session(), path)
      return after === null ? undefined : indexOf(after)
    }
  }
}
