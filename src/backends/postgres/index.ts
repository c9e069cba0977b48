import type { BackendContext, BackendStatus, LrsBackend } from '../../contracts/lrs-backend.ts'
import { RalphError } from '../../errors.ts'
import { requireTarget } from '../../settings/target.ts'
import { openDatabase } from './connect.ts'
import { prepareDatabase } from './migrate.ts'
import { migrations } from './migrations.ts'
import { plain } from './query-text.ts'
import { type PostgresOptions, settingsOf } from './settings.ts'
import { createStore, numberOfTarget, type PostgresStore } from './store.ts'

export type { PostgresOptions } from './settings.ts'

/** Milliseconds after which a server that says nothing is away. */
const statusTimeout = 3000

const probe = plain<[readOnly: boolean, step: number]>(
  `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
     (SELECT coalesce(max(number), 0) FROM migration)`
)

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * Keeps all targets in one schema of a PostgreSQL database, 14 or later, which any number of servers may share.
 *
 * A round of writing is a transaction that holds the row of its target, so that of all servers one writes to a target
 * at a time, `stored` follows the order of commits, and a reader sees a round whole or not at all; no lease is needed,
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
    await prepareDatabase(database)
  } catch (error) {
    await database.close()
    throw error
  }
  const stores = new Map<string, Promise<PostgresStore>>()
  let closing: Promise<void> | undefined

  const open = async (name: string): Promise<PostgresStore> =>
    createStore(database, await numberOfTarget(database, name), {
      clock: context.clock,
      writeDelay: settings.writeDelay,
      longList: options.longList
    })

  const closeAll = async (): Promise<void> => {
    const opened = await Promise.allSettled(stores.values())
    await Promise.all(opened.map((each) => (each.status === 'fulfilled' ? each.value.close() : undefined)))
    await database.close()
  }

  return {
    store: async (target) => {
      if (closing) throw new RalphError('STORE_UNAVAILABLE', 'the store is closed')
      const name = target === undefined ? '' : requireTarget(target)
      let store = stores.get(name)
      if (store === undefined) {
        store = open(name)
        stores.set(name, store)
        store.catch(() => stores.delete(name))
      }
      return store
    },
    status: async ({ signal } = {}): Promise<BackendStatus> => {
      if (closing) return { state: 'away', detail: 'the store is closed' }
      const limit = AbortSignal.timeout(statusTimeout)
      try {
        const [row] = await database.read(probe, { signal: signal ? AbortSignal.any([signal, limit]) : limit })
        if (row?.[0]) return { state: 'error', detail: `PostgreSQL at ${settings.host}:${settings.port} is read-only` }
        if (row?.[1] !== migrations.length)
          return { state: 'error', detail: 'the tables are of another version of Ralph' }
        return { state: 'ok' }
      } catch (error) {
        if (limit.aborted) {
          return { state: 'away', detail: `PostgreSQL at ${settings.host}:${settings.port} does not answer` }
        }
        const isAway = !(error instanceof RalphError) || error.code === 'STORE_UNAVAILABLE'
        return { state: isAway ? 'away' : 'error', detail: messageOf(error) }
      }
    },
    close: () => {
      closing ??= closeAll()
      return closing
    }
  }
}
