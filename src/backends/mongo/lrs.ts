import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { closeAll, openTargets } from '../../storage/targets.ts'
import { createConnection } from './connect.ts'
import { translateError } from './errors.ts'
import { collectionsOf, type MongoOptions } from './names.ts'
import { statusOf } from './status.ts'
import { openStore } from './store.ts'

export type { MongoOptions } from './names.ts'

/**
 * Keeps each target in a collection of MongoDB, as Ralph does: `{_id, _source}`, with our relations beside in the same
 * document. What belongs to the statements is in collections named after it (names.ts).
 *
 * Rights: `readWrite` on the database is all it needs; it makes collections and indexes by itself.
 *
 * Guarantees, of several servers on one database too: a batch is seen whole or not at all, by every reader, and once it
 * is acknowledged by all; acknowledged means in the journal of a majority. There are no transactions of MongoDB in it,
 * so that a server that stands alone gives the same guarantees as a replica set: one process writes statements at a
 * time (storage/batching/lease.ts), and readers look no further than the time up to which it says that all is written. Exception:
 * the documents of a scope are removed together, but one by one (`DELETE` of several State documents).
 *
 * Limits: all that one statement is found by has 16 MB (some 200,000 Agents and Activities), else `BODY_TOO_LARGE`. Our
 * readers are given every statement exactly. Ralph, which reads `_source`, finds as text what BSON cannot hold (a nesting
 * deeper than 100 levels, some keys), and a statement of more than 16 MB without what makes it so large. Collections are
 * not to be sharded. A copy of the database that was made during writing is to be of one point in time (`--oplog`, a
 * snapshot): what is later than its lease is taken back.
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
