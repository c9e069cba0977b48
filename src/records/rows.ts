import { hash } from 'node:crypto'
import type { InputRecord } from '../contracts/data-backend.ts'
import { RalphError } from '../errors.ts'
import { type Micros, parseMicros } from '../xapi/timestamp.ts'
import { parseJsonQuery, type QueryKey, queryKeys } from './json-query.ts'

/** What is read of a table of records. */
export interface RecordsQuery {
  /** Undefined: all. */
  readonly ids: readonly string[] | undefined
  /** Later than this. */
  readonly since: Micros | undefined
  /** Not later than this. */
  readonly until: Micros | undefined
  readonly limit: number | undefined
  readonly descending: boolean
}

const isId = (value: unknown): boolean => typeof value === 'string'

const time: QueryKey = {
  expected: 'a time as 2026-11-21T00:00:00Z',
  judge: (value) => typeof value === 'string' && parseMicros(value) !== undefined
}

const keys = {
  id: {
    expected: 'a text or a list of at most 1000 texts',
    judge: (value: unknown): boolean =>
      isId(value) || (Array.isArray(value) && value.length > 0 && value.length <= 1000 && value.every(isId))
  },
  since: time,
  until: time,
  limit: queryKeys.count,
  sort: { expected: '"asc" or "desc"', judge: (value: unknown): boolean => value === 'asc' || value === 'desc' }
}

/** For the help of `ralph read`. */
export const recordsQueryHelp =
  'JSON with id (one or a list), since, until, limit, sort ("asc" or "desc", by timestamp)'

/** A JSON object. `INVALID_QUERY`. */
export const parseRecordsQuery = (text: string | undefined): RecordsQuery => {
  const { id, since, until, limit, sort } = parseJsonQuery(text, keys)
  // Judged above, as what follows.
  const timeOf = (value: unknown): Micros | undefined =>
    value === undefined ? undefined : parseMicros(value as string)
  return {
    ids: id === undefined ? undefined : [id as string | readonly string[]].flat(),
    since: timeOf(since),
    until: timeOf(until),
    limit: limit as number | undefined,
    descending: sort === 'desc'
  }
}

/** A record as a row: its key, when it happened if that is said, and itself. */
export interface RecordRow {
  readonly record: InputRecord
  readonly id: string
  readonly time: Micros | undefined
}

/** Longer ones do not fit into an index. */
const maxIdBytes = 1000

/**
 * A record without an id is known by the digest of its text: written again it is there once. `timestamp` is that of
 * xAPI, `time` that of edX. A text: why it cannot be kept.
 */
export const rowOf = (record: InputRecord): RecordRow | string => {
  const { id, timestamp, time: edxTime } = record.value
  const at = timestamp ?? edxTime
  const when = typeof at === 'string' ? parseMicros(at) : undefined
  if (id === undefined || id === null) {
    return { record, id: `sha256:${hash('sha256', record.text, 'base64url')}`, time: when }
  }
  if (typeof id !== 'string' && typeof id !== 'number') return 'has an id that is no text'
  const text = String(id)
  if (text === '' || text.includes('\0')) return 'has an id that cannot be a key'
  if (Buffer.byteLength(text) > maxIdBytes) return `has an id of more than ${maxIdBytes} bytes`
  return { record, id: text, time: when }
}

/** `lrs`, `lrs:NAME`: what an LRS of ours keeps there; undefined: a table of records. */
export const lrsTargetOf = (target: string | undefined): { readonly name: string | undefined } | undefined => {
  const [, name] = /^lrs(?::(.*))?$/s.exec(target ?? '') ?? [undefined, null]
  return name === null ? undefined : { name }
}

/** Of the statements of an LRS no more is asked than how many; `INVALID_QUERY`. */
export const limitOfLrs = (query: RecordsQuery): number => {
  if (query.ids !== undefined || query.since !== undefined || query.until !== undefined || query.descending) {
    throw new RalphError(
      'INVALID_QUERY',
      'the statements of an LRS are read whole, or as many as "limit" says: ask the server for others (ralph read -b lrs)'
    )
  }
  return query.limit ?? Number.POSITIVE_INFINITY
}

/** `UNSUPPORTED_OPERATION`: the records of an LRS are changed by its server alone. */
export const lrsIsReadOnly = (): RalphError =>
  new RalphError(
    'UNSUPPORTED_OPERATION',
    'the statements of an LRS are written by its server only: ralph write -b lrs, or ralph migrate-store'
  )
