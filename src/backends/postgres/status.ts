import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { statusByAsking } from '../../storage/status.ts'
import type { Database } from './connect.ts'
import { migrations } from './migrations.ts'
import { begin, commit, plain } from './query-text.ts'

const refusesWriting = "pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"

const isReadOnly = plain<[boolean]>(`SELECT ${refusesWriting}`)

const probe = plain<[readOnly: boolean, step: number]>(
  `SELECT ${refusesWriting},
     (SELECT coalesce(max(number), 0) FROM migration)`
)

/** Some random bytes, which cannot be compressed, under a target that does not exist. */
const fill = plain(
  `INSERT INTO attachment (target, sha2, content)
   SELECT 0, 'trial', decode(string_agg(md5(random()::text || number), ''), 'hex')
   FROM generate_series(1, 16384) AS numbers (number)`
)

const empty = plain('DELETE FROM attachment WHERE target = 0')

/**
 * Writes and deletes a row to find out whether there is room again. After a full disk, clients may send no more writes that would find out.
 */
const tryWriting = async (database: Database): Promise<void> => {
  const session = await database.session()
  let isReusable = false
  try {
    await session.run(begin, fill, empty, commit)
    isReusable = true
  } finally {
    session.release(isReusable)
  }
}

const addressOf = ({ place: { host, port } }: Pick<Database, 'place'>): string => `PostgreSQL at ${host}:${port}`

const readOnly = (database: Pick<Database, 'place'>): BackendStatus => ({
  state: 'error',
  detail: `${addressOf(database)} is read-only`
})

/** The status of the LRS role. */
export const statusOf = (database: Database, { signal }: CallOptions = {}): Promise<BackendStatus> =>
  statusByAsking(
    async (stop) => {
      const [row] = await database.read(probe, { signal: stop })
      if (row?.[0]) return readOnly(database)
      if (row?.[1] !== migrations.length) {
        return { state: 'error', detail: 'the tables are of another version of Ralph' }
      }
      if (database.fullness() !== undefined) await tryWriting(database)
      return undefined
    },
    { signal, engine: addressOf(database) }
  )

/** The status of the records role. Its tables need no migration. */
export const statusOfRecords = (
  database: Pick<Database, 'place' | 'read'>,
  { signal }: CallOptions = {}
): Promise<BackendStatus> =>
  statusByAsking(
    async (stop) => {
      const [row] = await database.read(isReadOnly, { signal: stop })
      return row?.[0] ? readOnly(database) : undefined
    },
    { signal, engine: addressOf(database) }
  )
