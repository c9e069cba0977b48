import { hash } from 'node:crypto'
import type { InputRecord } from '../contracts/data-backend.ts'
import { RalphError } from '../errors.ts'
import { type Micros, parseMicros } from '../xapi/timestamp.ts'
import { parseJsonQuery, type QueryKey, queryKeys } from './json-query.ts'

/** A query of a table of records. */
export interface RecordsQuery {
  /** Undefined: all. */
  readonly ids: readonly string[] | undefined
  /** Only later ones. */
  readonly since: Micros | undefined
  /** Not later than this. */
  readonly until: Micros | undefined
  readonly limit: number | undefined
  readonly descending: boolean
}

const isId = (value: unknown): boolean => typeof value === 'string'

const time: QueryKey = {
  expected: 'a time such as 2026-11-21T00:00:00Z',
  judge: (value) => typeof value === 'string' && parseMicros(value) !== undefined
}

const keys = {
  id: {
    expected: 'a string or a list of at most 1000 strings',
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

/** Parses a JSON object. Throws `INVALID_QUERY`. */
export const parseRecordsQuery = (text: string | undefined): RecordsQuery => {
  const { id, since, until, limit, sort } = parseJsonQuery(text, keys)
  // All values were checked above.
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

/** A record as a row: its key, its time if it has one, and its text. */
export interface RecordRow {
  readonly record: InputRecord
  readonly id: string
  readonly time: Micros | undefined
}

/** Longer ones do not fit into an index. */
const maxIdBytes = 1000

/**
 * A record without an id gets the digest of its text, so writing it again does not store it twice. `timestamp` is that of xAPI, `time` that
 * of edX. Returns a string if the record cannot be kept: the string says why.
 */
export const rowOf = (record: InputRecord): RecordRow | string => {
  const { id, timestamp, time: edxTime } = record.value
  const at = timestamp ?? edxTime
  const when = typeof at === 'string' ? parseMicros(at) : undefined
  if (id === undefined || id === null) {
    return { record, id: `sha256:${hash('sha256', record.text, 'base64url')}`, time: when }
  }
  if (typeof id !== 'string' && typeof id !== 'number') return 'has an id that is not a string'
  const text = String(id)
  if (text === '' || text.includes('\0')) return 'has an id that cannot be a key'
  if (Buffer.byteLength(text) > maxIdBytes) return `has an id of more than ${maxIdBytes} bytes`
  return { record, id: text, time: when }
}

/** `lrs`, `lrs:NAME`: the statements that an LRS of ours keeps there. Undefined: a table of records. */
export const lrsTargetOf = (target: string | undefined): { readonly name: string | undefined } | undefined => {
  const [, name] = /^lrs(?::(.*))?$/s.exec(target ?? '') ?? [undefined, null]
  return name === null ? undefined : { name }
}

/** For the statements of an LRS only a limit is possible. Throws `INVALID_QUERY`. */
export const limitOfLrs = (query: RecordsQuery): number => {
  if (query.ids !== undefined || query.since !== undefined || query.until !== undefined || query.descending) {
    throw new RalphError(
      'INVALID_QUERY',
      'of the statements of an LRS, only "limit" can be asked for: ask the server for others (ralph read -b lrs)'
    )
  }
  return query.limit ?? Number.POSITIVE_INFINITY
}

/** `UNSUPPORTED_OPERATION`: only the server changes the statements of an LRS. */
export const lrsIsReadOnly = (): RalphError =>
  new RalphError(
    'UNSUPPORTED_OPERATION',
    'the statements of an LRS are written only by its server: use ralph write -b lrs, or ralph migrate-store'
  )
