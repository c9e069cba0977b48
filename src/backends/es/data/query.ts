import { parseJsonQuery, queryKeys } from '../../../records/json-query.ts'

/** A query, with the keys of Python Ralph 5. */
export interface EsQuery {
  /** In the form of Elasticsearch. */
  readonly query: object
  readonly sort: unknown
  readonly size: number | undefined
  readonly searchAfter: readonly unknown[] | undefined
  readonly pit: { readonly id: string | undefined; readonly keepAlive: string | undefined }
  readonly trackTotalHits: boolean
}

const isText = (value: unknown): value is string => typeof value === 'string'

const isOptionalText = (value: unknown): boolean => value === undefined || value === null || isText(value)

const isPit = (value: unknown): boolean => {
  if (!queryKeys.object.judge(value)) return false
  const { id, keep_alive, ...others } = value as { readonly [key: string]: unknown }
  return isOptionalText(id) && isOptionalText(keep_alive) && Object.keys(others).length === 0
}

const keys = {
  q: queryKeys.text,
  query: queryKeys.object,
  pit: { expected: 'an object with id and keep_alive', judge: isPit },
  size: queryKeys.count,
  sort: {
    expected: 'a field, or a list as Elasticsearch has it',
    judge: (value: unknown): boolean => isText(value) || Array.isArray(value)
  },
  search_after: { expected: 'a list', judge: Array.isArray },
  track_total_hits: queryKeys.truth
}

/** `timestamp:desc,_shard_doc`, as in a URL of Elasticsearch. */
const sortOf = (sort: unknown): unknown =>
  isText(sort)
    ? sort.split(',').map((each) => {
        const [, field, order] = /^(.+):(asc|desc)$/.exec(each) ?? []
        return field === undefined ? each : { [field]: order }
      })
    : sort

/** If both are given, both must match. */
const filterOf = (q: unknown, query: unknown): object => {
  const lucene = isText(q) ? [{ query_string: { query: q } }] : []
  // Validated as an object.
  const wanted = query === undefined ? [] : [query as object]
  const [first, second] = [...wanted, ...lucene]
  if (first === undefined) return { match_all: {} }
  return second === undefined ? first : { bool: { must: [first, second] } }
}

/** Parses a JSON object. Any other text is a query in the syntax of Lucene. Throws `INVALID_QUERY`. */
export const parseEsQuery = (text: string | undefined): EsQuery => {
  const isLucene = text !== undefined && text.trim() !== '' && !text.trimStart().startsWith('{')
  const { q, query, pit, size, sort, search_after, track_total_hits } = isLucene
    ? { q: text }
    : parseJsonQuery(text, keys)
  // Validated above, like the following values.
  const { id, keep_alive } = (pit ?? {}) as { readonly id?: string | null; readonly keep_alive?: string | null }
  return {
    query: filterOf(q, query),
    sort: sort === undefined ? '_shard_doc' : sortOf(sort),
    size: size as number | undefined,
    searchAfter: search_after as readonly unknown[] | undefined,
    pit: { id: id ?? undefined, keepAlive: keep_alive ?? undefined },
    trackTotalHits: track_total_hits === true
  }
}
