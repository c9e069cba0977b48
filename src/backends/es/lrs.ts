import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { notThere } from '../../storage/not-there.ts'
import { closeAll, openTargets } from '../../storage/targets.ts'
import { connect } from './connect.ts'
import { ensureOwnIndices, requireServer } from './indices.ts'
import { type EsOptions, ownIndices, type Space, spaceOf } from './names.ts'
import { createRefresher } from './refresher.ts'
import { statusOf } from './status.ts'
import { type EsStore, openStore } from './store.ts'
import { indicesOf } from './target-indices.ts'

export type { EsOptions } from './names.ts'

/** Bytes of pages of statements that are ready to be sent again. */
const pageCacheSizes = { default: 4_000_000, target: 1_000_000 }

/**
 * Keeps statements in an Elasticsearch cluster, version 8.1 or later. Any number of servers may share it. Python Ralph reads and
 * writes the same index.
 *
 * Readers do not see a batch until the lease of its target says that all of it is written. The lease is one document, and only a
 * process that has seen the latest version can replace it (storage/batching/lease.ts). So one server at a time writes to a target, and
 * every reader sees a batch whole or not at all. If the lease has not changed for some seconds, its holder counts as dead, and the
 * next server takes back what it left. Later writes of the dead server do not count. Every acknowledged statement was synced to disk
 * by each shard (index.translog.durability: request, the default of Elasticsearch). Readers on every server see what was acknowledged
 * before their request: an index that was written to is refreshed before a search.
 *
 * The role needs create_index, manage, read and write on DEFAULT_INDEX, NAME~~relations, NAME~~kept and an index for each target of
 * users. It also needs `monitor` of the cluster for the health check. Without create_index and manage, an administrator must create
 * the indices. The errors at start say how. The role must still have maintenance.
 */
export const openEs = (options: EsOptions, { clock, mustExist, warn }: BackendContext): LrsBackend => {
  const connection = connect(options)
  const own = ownIndices(options.index)
  const refreshers = {
    relations: createRefresher(connection, own.relations),
    kept: createRefresher(connection, own.kept)
  }
  const allowYellow = {
    variable: 'RALPH_BACKENDS__LRS__ES__ALLOW_YELLOW_STATUS',
    isAllowed: options.allowYellowStatus === true
  }
  let prepared: Promise<void> | undefined

  /** Tried again by the next who asks if it fails. */
  const prepare = (): Promise<void> => {
    prepared ??= requireServer(connection)
      .then(() => ensureOwnIndices(connection, own))
      .catch((error: unknown) => {
        prepared = undefined
        throw error
      })
    return prepared
  }

  /** Documents alone cost a target no index of its own. */
  const requireThere = async ({ index, prefix }: Space): Promise<void> => {
    const { status } = await connection.answer({ method: 'HEAD', path: [index], kind: 'read' })
    if (status !== 404) return
    const question = { query: { term: { space: prefix } } }
    const path = [own.kept, '_count']
    const { body } = await connection.ask({ method: 'POST', path, body: question, kind: 'read', expect: [404] })
    // Elasticsearch answers with a count, or with an error when the index is not there.
    if (!(body as { readonly count?: number }).count) throw notThere(`The index ${index} at ${connection.address}`)
  }

  const open = async (space: Space): Promise<EsStore> => {
    if (mustExist) await requireThere(space)
    await prepare()
    return openStore(indicesOf(connection, own, space, options.refreshAfterWrite), {
      clock,
      turns: options,
      refreshers,
      pageCacheSize: pageCacheSizes[space.prefix === '' ? 'default' : 'target'],
      makeNow: space.prefix === '',
      warn
    })
  }

  return openTargets({
    placeOf: (target) => spaceOf(options, target),
    keyOf: ({ index }) => index,
    open,
    status: (callOptions) => statusOf(connection, allowYellow, callOptions),
    close: (stores) => closeAll(stores, connection)
  })
}
