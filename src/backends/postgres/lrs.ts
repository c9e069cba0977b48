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
 * Keeps all targets in one schema of a PostgreSQL database, version 14 or later. Any number of servers may share it.
 *
 * A batch is a transaction that locks the row of its target. So one server at a time writes to a target, `stored` follows the order of
 * commits, and a reader sees a batch whole or not at all. No lease is needed, and a server that dies leaves nothing unfinished. Every
 * acknowledged batch was committed with synchronous_commit on. A document is replaced only if its revision is the expected one. The
 * times of documents come from the clocks of the servers, but the times of one document always increase.
 *
 * To create the tables, the role needs CREATE on the database, or its own schema. After that USAGE on the schema, SELECT, INSERT,
 * UPDATE and DELETE on its tables and USAGE on its sequence are enough. Standbys cannot serve, because every answer names a time to
 * which it is consistent. A proxy must give each session its own connection (PgBouncer: `pool_mode = session`).
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
