import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { closeAll, openTargets } from '../../storage/targets.ts'
import { createConnection } from './connect.ts'
import { translateError } from './errors.ts'
import { collectionsOf, type MongoOptions } from './names.ts'
import { statusOf } from './status.ts'
import { openStore } from './store.ts'

export type { MongoOptions } from './names.ts'

/**
 * Keeps each target in a collection of MongoDB, in the form of Python Ralph: `{_id, _source}`. Our relations are beside the source
 * in the same document. The other data of a target is in collections that are named after it (names.ts).
 *
 * Rights: `readWrite` on the database is enough. The store creates its collections and indexes itself.
 *
 * Guarantees, also with several servers on one database: every reader sees a batch whole or not at all, and sees it once it is
 * acknowledged. Acknowledged means that a majority has it in its journal. The store uses no transactions of MongoDB, so a standalone
 * server gives the same guarantees as a replica set. One process at a time writes statements (storage/batching/lease.ts). The lease
 * says up to which time everything is written, and readers look no further. One exception: `DELETE` of several State documents
 * removes the documents of a scope one by one.
 *
 * Limits: the tokens of one statement have 16 MB of room (some 200,000 Agents and Activities), else `BODY_TOO_LARGE`. Our readers get
 * every statement exactly. Python Ralph reads `_source`. There it finds as text what BSON cannot hold (a nesting deeper than 100
 * levels, some keys), and it finds a statement of more than 16 MB without its large properties. Do not shard the collections. A copy
 * of the database that is made during writing must be of one point in time (`--oplog`, a snapshot), because everything later than the
 * lease in the copy is taken back.
 */
export const openMongo = (options: MongoOptions, context: BackendContext): LrsBackend => {
  const connection = createConnection(options.connectionUri, options.database, options.timeout)
  return openTargets({
    placeOf: (target) => collectionsOf(options.collection, target),
    keyOf: ({ statements }) => statements,
    open: (names) =>
      openStore({ connection, names, context, options }).catch((error: unknown) => {
        throw translateError(error)
      }),
    status: (callOptions) => statusOf(connection, callOptions),
    close: (stores) => closeAll(stores, connection)
  })
}
