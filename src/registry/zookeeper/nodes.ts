import type { Acl, Stat } from 'node-zookeeper-client'
import { RalphError } from '../../errors.ts'
import { ZookeeperRefusal, type ZookeeperSession, zookeeperCodes } from './session.ts'

/** A node with its value; undefined: it has none, and is a directory. */
export interface ZookeeperNode {
  readonly value: Buffer | undefined
  readonly stat: Stat
}

export const isRefusal = (error: unknown, ...codes: readonly number[]): boolean =>
  error instanceof ZookeeperRefusal && codes.includes(error.code)

/** `otherwise` when the server refuses by one of the codes. */
export const unless = async <Result, Otherwise>(
  work: Promise<Result>,
  otherwise: Otherwise,
  ...codes: readonly number[]
): Promise<Result | Otherwise> => {
  try {
    return await work
  } catch (error) {
    if (isRefusal(error, ...codes)) return otherwise
    throw error
  }
}

const { noNode, nodeExists, notEmpty, badVersion, noChildrenForEphemerals } = zookeeperCodes

export const readNode = (
  session: ZookeeperSession,
  path: string,
  watcher?: () => void
): Promise<ZookeeperNode | undefined> =>
  unless(
    session.ask<ZookeeperNode>((client, done) =>
      client.getData(path, watcher, (error, value, stat) => done(error, { value, stat }))
    ),
    undefined,
    noNode
  )

export const statOf = (session: ZookeeperSession, path: string, watcher?: () => void): Promise<Stat | null> =>
  session.ask<Stat | null>((client, done) => client.exists(path, watcher, done))

export const childrenOf = (
  session: ZookeeperSession,
  path: string,
  watcher?: () => void
): Promise<readonly string[] | undefined> =>
  unless(
    session.ask<readonly string[]>((client, done) => client.getChildren(path, watcher, done)),
    undefined,
    noNode
  )

export const setNode = (
  session: ZookeeperSession,
  path: string,
  value: Buffer | undefined,
  version: number
): Promise<Stat> => session.ask<Stat>((client, done) => client.setData(path, value, version, done))

export const removeNode = (session: ZookeeperSession, path: string, version: number): Promise<void> =>
  session.ask<void>((client, done) => client.remove(path, version, (error) => done(error)))

export const isEphemeral = ({ ephemeralOwner }: Stat): boolean => ephemeralOwner.some((byte) => byte !== 0)

/** The transaction that last changed the value: never the same twice, whatever was deleted meanwhile. */
export const indexOf = ({ mzxid }: Pick<Stat, 'mzxid'>): number => Number(mzxid.readBigUInt64BE())

export const parentOf = (path: string): string => path.slice(0, path.lastIndexOf('/'))

/** Makes a node, and the directories that it needs. `ZookeeperRefusal` nodeExists. */
export const createNode = async (
  session: ZookeeperSession,
  path: string,
  { value, acls, mode }: { readonly value: Buffer | undefined; readonly acls: readonly Acl[]; readonly mode: number }
): Promise<void> => {
  for (;;) {
    try {
      return await session.ask<void>((client, done) => client.create(path, value, acls, mode, (error) => done(error)))
    } catch (error) {
      if (isRefusal(error, noChildrenForEphemerals))
        throw new RalphError('INVALID_PARAMETER', `${parentOf(path)} has a TTL, and nothing can be below it`, { path })
      if (!isRefusal(error, noNode) || parentOf(path) === '') throw error
      // Persistent is 0 in every version of ZooKeeper.
      await unless(createNode(session, parentOf(path), { value: undefined, acls, mode: 0 }), undefined, nodeExists)
    }
  }
}

/** Removes directories that are left without anything, up to the bucket. */
export const prune = async (session: ZookeeperSession, path: string, bucket: string): Promise<void> => {
  for (let at = parentOf(path); at.length > bucket.length; at = parentOf(at)) {
    const node = await readNode(session, at)
    if (node === undefined || node.value !== undefined || node.stat.numChildren > 0) return
    await unless(removeNode(session, at, node.stat.version), undefined, noNode, notEmpty, badVersion)
  }
}

/** All values below a node, in no order; a node that goes meanwhile is left out. */
export const readTree = async (
  session: ZookeeperSession,
  path: string,
  watcher?: () => void
): Promise<readonly (ZookeeperNode & { readonly path: string })[]> => {
  const names = await childrenOf(session, path, watcher)
  if (names === undefined) {
    // So that its birth is seen.
    if (watcher !== undefined) await statOf(session, path, watcher)
    return []
  }
  const found = await Promise.all(
    names.map(async (name) => {
      const child = `${path}/${name}`
      const node = await readNode(session, child, watcher)
      if (node === undefined) return []
      return [{ ...node, path: child }, ...(await readTree(session, child, watcher))]
    })
  )
  return found.flat().filter(({ value }) => value !== undefined)
}

/** Everything below a node, however much is made meanwhile; the node itself stays. */
export const removeBelow = async (session: ZookeeperSession, path: string): Promise<boolean> => {
  const names = (await childrenOf(session, path)) ?? []
  for (const name of names) {
    const child = `${path}/${name}`
    for (;;) {
      await removeBelow(session, child)
      const isGone = await unless(
        removeNode(session, child, -1).then(() => true),
        false,
        notEmpty
      ).catch((error: unknown) => {
        if (isRefusal(error, noNode)) return true
        throw error
      })
      if (isGone) break
    }
  }
  return names.length > 0
}
