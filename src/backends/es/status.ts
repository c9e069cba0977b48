import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { statusByAsking } from '../../storage/status.ts'
import type { Connection } from './connect.ts'

const healthOf = async (connection: Connection, signal: AbortSignal): Promise<string> => {
  const { body } = await connection.ask({ method: 'GET', path: ['_cluster', 'health'], kind: 'read', signal })
  // The answer of Elasticsearch.
  return (body as { readonly status: string }).status
}

/** `allowYellow` has the name of the variable, and whether yellow is allowed. */
export const statusOf = (
  connection: Connection,
  allowYellow: { readonly variable: string; readonly isAllowed: boolean },
  { signal }: CallOptions
): Promise<BackendStatus> =>
  statusByAsking(
    async (stop) => {
      const health = await healthOf(connection, stop)
      if (health === 'green' || (health === 'yellow' && allowYellow.isAllowed)) return undefined
      const allow = health === 'yellow' ? `; ${allowYellow.variable}=true accepts that` : ''
      const detail = `the status of Elasticsearch is ${health}${allow}`
      return { state: 'error', detail, hint: detail }
    },
    { signal, engine: `Elasticsearch at ${connection.address}` }
  )
