import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { messageOf, RalphError } from '../../errors.ts'
import type { Connection } from './connect.ts'

/** Milliseconds after which a cluster that says nothing is away. */
const statusTimeout = 3000

const healthOf = async (connection: Connection, signal: AbortSignal): Promise<string> => {
  const { body } = await connection.ask({ method: 'GET', path: ['_cluster', 'health'], kind: 'read', signal })
  // The answer of Elasticsearch.
  return (body as { readonly status: string }).status
}

/** `allowYellow` is the variable that allows it, and whether it does. */
export const statusOf = async (
  connection: Connection,
  allowYellow: { readonly variable: string; readonly isAllowed: boolean },
  { signal }: CallOptions
): Promise<BackendStatus> => {
  const limit = AbortSignal.timeout(statusTimeout)
  try {
    const health = await healthOf(connection, signal ? AbortSignal.any([signal, limit]) : limit)
    if (health === 'green' || (health === 'yellow' && allowYellow.isAllowed)) return { state: 'ok' }
    const allow = health === 'yellow' ? `; ${allowYellow.variable}=true accepts that` : ''
    const detail = `the status of Elasticsearch is ${health}${allow}`
    return { state: 'error', detail, hint: detail }
  } catch (error) {
    if (limit.aborted) return { state: 'away', detail: `Elasticsearch at ${connection.address} does not answer` }
    const isAway = !(error instanceof RalphError) || error.code === 'STORE_UNAVAILABLE'
    return { state: isAway ? 'away' : 'error', detail: messageOf(error) }
  }
}
