import type { ReadBatch, ReadOptions } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import { parseJsonQuery } from '../../records/json-query.ts'
import { lrsQuery } from '../../records/statements-query.ts'
import type { LrsClient } from './client.ts'
import { failureOf } from './errors.ts'
import { nextUrl, readPage, type StatementsPage } from './page.ts'

export interface LrsReader {
  readonly client: LrsClient
  /** The URL of the statements. */
  readonly url: URL
  readonly log: Log
}

/** The size of a page, as in Python Ralph. The LRS may return fewer. */
const usualLimit = 500

const firstUrl = ({ url, log }: LrsReader, query: string | undefined, wanted: number | undefined): URL => {
  const { limit, ...parameters } = parseJsonQuery(query, lrsQuery)
  const first = new URL(url)
  for (const [key, value] of Object.entries(parameters)) {
    first.searchParams.set(key, typeof value === 'object' ? JSON.stringify(value) : String(value))
  }
  // A query for one statement by its id returns no list, and the specification forbids `limit` there.
  if ('statementId' in parameters || 'voidedStatementId' in parameters) return first
  if (limit !== undefined && wanted !== undefined && limit !== wanted) {
    log.warn(`the limit of the query, ${limit}, is the size of a page, like --chunk-size; ${wanted} is used`)
  }
  first.searchParams.set('limit', String(wanted ?? limit ?? usualLimit))
  return first
}

/** Yields all pages. The next one is requested while the current one is processed. */
export async function* readLrs(
  reader: LrsReader,
  query: string | undefined,
  { chunkSize, signal }: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const stop = new AbortController()
  const either = signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal])
  const get = async (url: URL): Promise<{ readonly page: StatementsPage; readonly url: URL }> => {
    const answer = await reader.client.send('GET', url, { signal: either })
    if (answer.status !== 200) throw failureOf(answer, url)
    return { page: readPage(answer, url), url }
  }
  try {
    let current = await get(firstUrl(reader, query, chunkSize))
    for (;;) {
      const { more, lines } = current.page
      const next = more === undefined ? undefined : get(nextUrl(more, current.url))
      // It is awaited below, unless the reader has stopped.
      next?.catch(() => {})
      if (lines.length > 0) yield { lines }
      signal?.throwIfAborted()
      if (next === undefined) return
      current = await next
    }
  } finally {
    stop.abort()
  }
}
