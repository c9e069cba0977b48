import type { ReadBatch, ReadOptions } from '../../contracts/data-backend.ts'
import type { ReadStatementsRequest, ReadStatementsResponse } from '../../protocol/messages.ts'
import { parseJsonQuery, type QueryKey, queryKeys } from '../../records/json-query.ts'
import type { GrpcClient } from './client.ts'

const agent: QueryKey = {
  expected: 'an Agent, as an object or as its JSON text',
  judge: (value) => queryKeys.object.judge(value) || queryKeys.text.judge(value)
}

/** Parameters of GET /statements (Communication §2.1.3), and what a stream has beside them. */
const keys = {
  statementId: queryKeys.text,
  voidedStatementId: queryKeys.text,
  agent,
  verb: queryKeys.text,
  activity: queryKeys.text,
  registration: queryKeys.text,
  related_activities: queryKeys.truth,
  related_agents: queryKeys.truth,
  since: queryKeys.text,
  until: queryKeys.text,
  limit: queryKeys.count,
  format: queryKeys.text,
  ascending: queryKeys.truth,
  mine: queryKeys.truth,
  follow: queryKeys.truth,
  position: queryKeys.text
}

const camel = (name: string): string => name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())

/** The query was judged. */
const requestOf = (query: string | undefined): ReadStatementsRequest =>
  Object.fromEntries(
    Object.entries(parseJsonQuery(query, keys)).map(([key, value]) => [
      camel(key),
      typeof value === 'object' ? JSON.stringify(value) : value
    ])
  )

/** All statements that match; where a server breaks off, another one goes on after the last page. */
export async function* readGrpc(
  client: GrpcClient,
  query: string | undefined,
  { chunkSize, signal }: Pick<ReadOptions, 'chunkSize'> & { readonly signal: AbortSignal }
): AsyncGenerator<ReadBatch, void, undefined> {
  const asked = requestOf(query)
  let { position, limit } = asked
  const call = { service: 'ralph.v1.Statements', method: 'Read', signal }
  for await (const page of client.receive<ReadStatementsResponse>(call, () => ({ ...asked, position, limit }))) {
    const lines = page.statements.map((each) => Buffer.from(each).toString('utf8'))
    const size = chunkSize === undefined || chunkSize === 0 ? lines.length : chunkSize
    for (let start = 0; start < lines.length; start += size) {
      yield { lines: lines.slice(start, start + size) }
      signal.throwIfAborted()
    }
    if (limit !== undefined) limit -= lines.length
    // That was the last page.
    if (page.position === '') return
    position = page.position
    if (limit === 0) return
  }
}
