import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { messageOf, RalphError } from '../../errors.ts'
import { begin, commit, type Database } from './connect.ts'
import { migrations } from './migrations.ts'
import { plain } from './query-text.ts'

/** Milliseconds after which a server that says nothing is away. */
const statusTimeout = 3000

const probe = plain<[readOnly: boolean, step: number]>(
  `SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean,
     (SELECT coalesce(max(number), 0) FROM migration)`
)

/** Some random bytes, which cannot be compressed, under a target that there is not. */
const fill = plain(
  `INSERT INTO attachment (target, sha2, content)
   SELECT 0, 'trial', decode(string_agg(md5(random()::text || number), ''), 'hex')
   FROM generate_series(1, 16384) AS numbers (number)`
)

const empty = plain('DELETE FROM attachment WHERE target = 0')

/** Finds out, by writing and deleting, whether there is room again: no client may come any more who would. */
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

export const statusOf = async (database: Database, { signal }: CallOptions = {}): Promise<BackendStatus> => {
  const { host, port } = database.place
  const limit = AbortSignal.timeout(statusTimeout)
  try {
    const [row] = await database.read(probe, { signal: signal ? AbortSignal.any([signal, limit]) : limit })
    if (row?.[0]) return { state: 'error', detail: `PostgreSQL at ${host}:${port} is read-only` }
    if (row?.[1] !== migrations.length) {
      return { state: 'error', detail: 'the tables are of another version of Ralph' }
    }
    if (database.fullness() !== undefined) await tryWriting(database)
    return { state: 'ok' }
  } catch (error) {
    if (limit.aborted) return { state: 'away', detail: `PostgreSQL at ${host}:${port} does not answer` }
    const isAway = !(error instanceof RalphError) || error.code === 'STORE_UNAVAILABLE'
    return { state: isAway ? 'away' : 'error', detail: messageOf(error) }
  }
}
