import type { ReadBatch, ReadOptions } from '../../contracts/data-backend.ts'
import type { ReadStatementsRequest, ReadStatementsResponse } from '../../protocol/messages.ts'
import { parseJsonQuery } from '../../records/json-query.ts'
import { grpcQuery } from '../../records/statements-query.ts'
import type { GrpcClient } from './client.ts'

const camel = (name: string): string => name.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())

/** The query was validated. */
const requestOf = (query: string | undefined): ReadStatementsRequest =>
  Object.fromEntries(
    Object.entries(parseJsonQuery(query, grpcQuery)).map(([key, value]) => [
      camel(key),
      typeof value === 'object' ? JSON.stringify(value) : value
    ])
  )

/** Yields all statements that match. When a server breaks off, another one continues after the last page. */
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
    // It was the last page.
    if (page.position === '') return
    position = page.position
    if (limit === 0) return
  }
}
