import type {
  CallOptions,
  PageFrame,
  StatementPage,
  StatementStore,
  StoredStatement,
  TextPage
} from '../../contracts/statement-store.ts'
import { tokenOf } from '../../rounds/tokens.ts'
import { fitting, type Position, type StatementQuery } from '../../xapi/filters.ts'
import { withoutMembers } from '../../xapi/json-text.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import { formatMicros, type Micros } from '../../xapi/timestamp.ts'
import { multiGet } from './multi-get.ts'
import { isStatement, type Relation, statusAt } from './relations.ts'
import type { Snapshots } from './snapshots.ts'
import type { Tables } from './tables.ts'

/** A statement that matches. */
interface Match extends Position {
  /** Bytes of its text. */
  readonly size: number
  /** Its id in Ralph's index. */
  readonly at: string
  readonly restamped: boolean
}

interface Matches {
  readonly matches: readonly Match[]
  readonly more: boolean
}

interface Hits {
  readonly hits: {
    readonly hits: readonly {
      readonly sort: readonly [stored: Micros, id: StatementId]
      readonly fields: {
        readonly size: readonly [number]
        readonly at?: readonly [string]
        readonly restamped?: readonly [boolean]
      }
    }[]
  }
}

/** What a search asks, besides what it must match. */
interface Range extends Pick<StatementQuery, 'ascending' | 'limit' | 'after' | 'since' | 'until'> {
  readonly terms: readonly string[]
  /** Whether voided statements are left out. */
  readonly onlyValid: boolean
}

/** Bounds of `stored` that all that follows `after` is within: on disk it is sorted by that. */
const storedIn = ({ since, until, after, ascending }: Range) => {
  const above = Math.max(
    since ?? Number.NEGATIVE_INFINITY,
    ascending && after ? after.stored - 1 : Number.NEGATIVE_INFINITY
  )
  const upTo = Math.min(
    until ?? Number.POSITIVE_INFINITY,
    !ascending && after ? after.stored : Number.POSITIVE_INFINITY
  )
  return { ...(Number.isFinite(above) ? { gt: above } : {}), ...(Number.isFinite(upTo) ? { lte: upTo } : {}) }
}

/** What readers who look no further than `last` do not see yet, and what they do not see any more. */
const unseen = ({ terms, onlyValid }: Range, last: Micros): object[] => {
  const later = (field: string): object => ({ range: { [field]: { gt: last } } })
  return [
    later('round'),
    ...terms.map((term) => ({ bool: { filter: [{ term: { added: term } }, later('changedAt')] } })),
    ...(onlyValid ? [{ bool: { filter: [{ term: { voided: true } }], must_not: [later('voidedAt')] } }] : [])
  ]
}

const searchBody = (range: Range, last: Micros): object => {
  const stored = storedIn(range)
  const order = range.ascending ? 'asc' : 'desc'
  return {
    // One more tells whether more follow.
    size: range.limit + 1,
    track_total_hits: false,
    _source: false,
    stored_fields: '_none_',
    docvalue_fields: ['size', 'at', 'restamped'],
    sort: [{ stored: order }, { id: order }],
    ...(range.after === undefined ? {} : { search_after: [range.after.stored, range.after.id] }),
    query: {
      bool: {
        filter: [
          ...range.terms.map((term) => ({ term: { tokens: term } })),
          ...(Object.keys(stored).length === 0 ? [] : [{ range: { stored } }])
        ],
        must_not: unseen(range, last)
      }
    }
  }
}

/** Of what Ralph wrote: with `stored` as the LRS knows it. */
const restamp = (text: string, stored: Micros): string => {
  const rest = withoutMembers(text, new Set(['stored'])).slice(0, -1)
  return `${rest}${rest === '{' ? '' : ','}"stored":"${formatMicros(stored)}"}`
}

const comma = Buffer.from(',')

export interface Queries extends Pick<StatementStore, 'query' | 'queryText' | 'find'> {
  /** All there are, voided ones too, oldest first. */
  everything(after: Position | undefined, limit: number, options?: CallOptions): Promise<StatementPage>
}

export const createQueries = (tables: Tables, snapshots: Snapshots): Queries => {
  const { connection, relations, statements, keys } = tables

  const search = async (range: Range, last: Micros, signal: AbortSignal | undefined): Promise<Matches> => {
    const { body } = await connection.ask({
      method: 'POST',
      path: [relations, '_search'],
      query: { allow_partial_search_results: false, filter_path: 'hits.hits.sort,hits.hits.fields' },
      body: searchBody(range, last),
      kind: 'read',
      signal
    })
    // The answer of Elasticsearch to a search; without hits there is nothing left of it.
    const hits = (body as Partial<Hits>).hits?.hits ?? []
    const found = hits.slice(0, range.limit).map(({ sort: [stored, id], fields }) => ({
      stored,
      id,
      size: fields.size[0],
      at: fields.at?.[0] ?? id,
      restamped: fields.restamped?.[0] === true
    }))
    const count = fitting(found.map(({ size }) => size))
    return { matches: found.slice(0, count), more: count < hits.length }
  }

  const rangeOf = (query: StatementQuery): Range => {
    const terms = termsOfQuery(query).map((term) => keys.token(tokenOf(term)))
    return { ...query, terms: terms.length === 0 ? [keys.every] : terms, onlyValid: true }
  }

  const match = (range: Range, options: CallOptions): Promise<Matches> =>
    snapshots.search((last) => search(range, last, options.signal), options)

  /** The texts of what was found; undefined where somebody has deleted one from Ralph's index. */
  const textsOf = async (matches: readonly Match[], { signal }: CallOptions): Promise<(Buffer | undefined)[]> => {
    const wanted = matches.map(({ at, size }) => ({ index: statements, id: at, size }))
    const got = await multiGet(connection, wanted, signal)
    return matches.map(({ restamped, stored }, at) => {
      const source = got[at]?.source
      return restamped && source !== undefined ? Buffer.from(restamp(source.toString(), stored)) : source
    })
  }

  const page = async (range: Range, options: CallOptions): Promise<StatementPage> => {
    const { matches, more } = await match(range, options)
    const texts = await textsOf(matches, options)
    const found = matches.flatMap(({ id, stored }, at): StoredStatement[] => {
      const text = texts[at]
      return text === undefined ? [] : [{ id, stored, text: text.toString() }]
    })
    return { statements: found, more }
  }

  const textPage = async (query: StatementQuery, frame: PageFrame, options: CallOptions): Promise<TextPage> => {
    const { matches, more } = await match(rangeOf(query), options)
    const texts = await textsOf(matches, options)
    const last = matches.at(-1)
    const end = more && last !== undefined ? { stored: last.stored, id: last.id } : undefined
    const pieces: Buffer[] = [Buffer.from(frame.before)]
    for (const text of texts) {
      if (text === undefined) continue
      if (pieces.length > 1) pieces.push(comma)
      pieces.push(text)
    }
    pieces.push(Buffer.from(frame.after(end)))
    return { json: Buffer.concat(pieces), newest: last && Math.max(matches[0]?.stored ?? 0, last.stored), end }
  }

  return {
    query: (query, options = {}) => page(rangeOf(query), options),
    queryText: (query, frame, options = {}) => textPage(query, frame, options),
    find: async (id, { voided }, options = {}) => {
      const wanted = [
        { index: relations, id: keys.statement(id) },
        { index: statements, id }
      ]
      const { got, last } = await snapshots.get(wanted, options)
      const [relationGot, textGot] = got
      if (relationGot?.source === undefined) return undefined
      // Nobody else writes there.
      const relation = JSON.parse(relationGot.source.toString()) as Relation
      if (!isStatement(relation) || statusAt(relation, last) !== (voided ? 'voided' : 'valid')) return undefined
      const { stored, at, restamped } = relation
      let source = textGot?.source
      if (at !== undefined || source === undefined) {
        // It may have been written between the two of them.
        const [again] = await multiGet(connection, [{ index: statements, id: at ?? id }], options.signal)
        source = again?.source
      }
      if (source === undefined) return undefined
      const text = source.toString()
      return { id, stored, text: restamped ? restamp(text, stored) : text }
    },
    everything: (after, limit, options = {}) =>
      page(
        { ascending: true, limit, ...(after === undefined ? {} : { after }), terms: [keys.every], onlyValid: false },
        options
      )
  }
}
