import type { BackendContext, LrsBackend } from '../../contracts/lrs-backend.ts'
import { requireTarget } from '../../settings/target.ts'
import { closeAll, openTargets } from '../../storage/targets.ts'
import { openDatabase } from './connect.ts'
import { prepareDatabase } from './migrate.ts'
import { type PostgresOptions, settingsOf } from './names.ts'
import { statusOf } from './status.ts'
import { createStore, numberOfTarget, type PostgresStore, requireThere } from './store.ts'

export type { PostgresOptions } from './names.ts'

/**
 * Keeps all targets in one schema of a PostgreSQL database, 14 or later, which any number of servers may share.
 *
 * A batch of writing is a transaction that holds the row of its target, so that of all servers one writes to a target
 * at a time, `stored` follows the order of commits, and a reader sees a batch whole or not at all; no lease is needed,
 * and nothing is left unfinished by a server that dies. What is acknowledged was committed, with synchronous_commit on.
 * A document is replaced by comparing its revision; the times of documents that several servers write are as good as
 * their clocks, those of one document always increase.
 *
 * The role needs CREATE on the database, or a schema of its own, to make the tables; then USAGE on the schema, SELECT,
 * INSERT, UPDATE and DELETE on its tables and USAGE on its sequence are enough. Standbys cannot serve, since every
 * answer names a time to which it is consistent; a proxy must leave a connection to a session (PgBouncer:
 * `pool_mode = session`).
 */
export const openPostgres = async (options: PostgresOptions, context: BackendContext): Promise<LrsBackend> => {
  const settings = settingsOf(options)
  const database = openDatabase(settings)
  try {
    if (context.mustExist) await requireThere(database, undefined)
    await prepareDatabase(database)
  } catch (error) {
    await database.close()
    throw error
  }
  const open = async (name: string): Promise<PostgresStore> =>
    createStore(database, await numberOfTarget(database, name), {
      clock: context.clock,
      writeDelay: settings.writeDelay,
      longList: options.longList
    })

  return openTargets({
    placeOf: (target) => (target === undefined ? '' : requireTarget(target)),
    keyOf: (name) => name,
    open: async (name) => {
      if (context.mustExist) await requireThere(database, name)
      return open(name)
    },
    status: (callOptions) => statusOf(database, callOptions),
    close: (stores) => closeAll(stores, database)
  })
}
