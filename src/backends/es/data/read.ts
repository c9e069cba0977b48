import type { ReadBatch, ReadOptions } from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import { parseExactly } from '../../../json/parse-exactly.ts'
import type { Patience } from '../../../network/patience.ts'
import { type RecordPage, readPages } from '../../../records/read-pages.ts'
import { type Connection, type EsRequest, refusalIn } from '../connect.ts'
import { readPage } from '../search-answer.ts'
import { asError } from './errors.ts'
import { type EsQuery, parseEsQuery } from './query.ts'

export interface EsReader {
  readonly connection: Connection
  readonly patience: Patience
  readonly index: string
  /** How long Elasticsearch keeps a point in time between two pages. */
  readonly keepAlive: string
}

export interface PageOptions extends ReadOptions {
  /** Records of a page, at most. */
  readonly chunkSize: number
}

/** The approximate size of a page, in bytes. */
const pageBytes = 1_000_000
/** Records of the first page, because the size of records is not yet known. */
const firstPage = 100

const units: { readonly [unit: string]: number } = {
  nanos: 1e-6,
  micros: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 3.6e6,
  d: 8.64e7
}

const millisOf = (duration: string): number => {
  const [, count, unit = ''] = /^(\d+)([a-z]+)$/.exec(duration) ?? []
  return count === undefined ? 60_000 : Number(count) * (units[unit] ?? 1000)
}

const request = async ({ connection, patience }: EsReader, wanted: EsRequest): Promise<Buffer> =>
  patience.run(async () => {
    const { status, bytes } = await connection.answer(wanted)
    if (status < 400) return bytes
    throw asError(refusalIn(status, bytes), connection.address)
  }, wanted.signal)

const openPit = async (
  reader: EsReader,
  index: string,
  keepAlive: string,
  signal: AbortSignal | undefined
): Promise<string> => {
  const bytes = await request(reader, {
    method: 'POST',
    path: [index, '_pit'],
    query: { keep_alive: keepAlive },
    kind: 'read',
    signal
  })
  // The answer of Elasticsearch.
  return (JSON.parse(bytes.toString()) as { readonly id: string }).id
}

interface Wanted {
  readonly pit: object
  readonly size: number
  readonly after: unknown
  readonly count: boolean
}

const bodyOf = ({ query, sort, trackTotalHits }: EsQuery, { pit, size, after, count }: Wanted): object => ({
  query,
  sort,
  pit,
  size,
  track_total_hits: count || trackTotalHits,
  ...(after === undefined ? {} : { search_after: after })
})

/** Yields all hits, in pages of one point in time. The point in time is closed at the end. */
export async function* readHits(
  reader: EsReader,
  text: string | undefined,
  { target, chunkSize, bare = false, signal, onTotal }: PageOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const query = parseEsQuery(text)
  const { connection } = reader
  const keepAlive = query.pit.keepAlive ?? reader.keepAlive
  let pit = query.pit.id ?? (await openPit(reader, target ?? reader.index, keepAlive, signal))

  const search = (body: object, stop: AbortSignal): Promise<Buffer> =>
    request(reader, {
      method: 'POST',
      path: ['_search'],
      // An error is better than a part of the hits.
      query: { allow_partial_search_results: false },
      body,
      kind: 'read',
      signal: stop
    })

  const fetchPage = async (size: number, after: unknown, stop: AbortSignal): Promise<RecordPage<unknown>> => {
    const count = after === undefined && onTotal !== undefined
    const wanted = { pit: { id: pit, keep_alive: keepAlive }, size, after: after ?? query.searchAfter, count }
    const page = readPage(await search(bodyOf(query, wanted), stop), bare)
    const { lines, bytes, last = '[]', total } = page
    if (lines.length === 0 && bytes > 0) {
      throw new RalphError('UNSUPPORTED_OPERATION', 'this index does not keep _source, so its records cannot be read')
    }
    pit = page.pit ?? pit
    if (count && total !== undefined) onTotal({ records: Math.min(total, query.size ?? total) })
    // Numbers may have more digits than those of JavaScript.
    return { lines, bytes, last: lines.length < size ? undefined : parseExactly(last) }
  }

  // Keeps the point in time alive while the reader works on a page for a long time.
  const beat = setInterval(
    () => {
      const body = { size: 0, track_total_hits: false, pit: { id: pit, keep_alive: keepAlive } }
      // If it fails, the next page reports the error.
      connection.answer({ method: 'POST', path: ['_search'], body, kind: 'read', signal }).catch(() => {})
    },
    Math.max(1000, millisOf(keepAlive) / 3)
  ).unref()

  try {
    yield* readPages(fetchPage, { limit: query.size, first: firstPage, most: chunkSize, pageBytes, signal })
  } finally {
    clearInterval(beat)
    if (query.pit.id === undefined) {
      // Otherwise Elasticsearch closes it by itself a little later.
      await connection
        .ask({ method: 'DELETE', path: ['_pit'], body: { id: pit }, kind: 'read', expect: [404] })
        .catch(() => {})
    }
  }
}
