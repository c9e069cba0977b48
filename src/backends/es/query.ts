import type {
  CallOptions,
  PageFrame,
  StatementPage,
  StatementStore,
  StoredStatement,
  TextPage
} from '../../contracts/statement-store.ts'
import { withTimes } from '../../storage/adoption.ts'
import { tokenOf } from '../../storage/batching/tokens.ts'
import type { Written } from '../../storage/batching/written.ts'
import type { PageCache } from '../../storage/page-cache.ts'
import { fitting, type Position, type StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import { textPageOfBytes } from '../../xapi/text-page.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { asStoreError, refusalOf } from './errors.ts'
import { multiGet } from './multi-get.ts'
import { notWritten } from './not-written.ts'
import { isStatement, type Relation, statusAt } from './relations.ts'
import type { DocumentSnapshots } from './snapshots.ts'
import type { TargetIndices } from './target-indices.ts'

/** A statement that matches. */
interface Match extends Position {
  /** The size of its text, in bytes. */
  readonly size: number
  /** Its id in the index of Python Ralph. */
  readonly at: string
  readonly restamped: boolean
}

interface Matches {
  readonly matches: readonly Match[]
  readonly more: boolean
  /** The search covered what was written up to this state. */
  readonly written: Written
}

interface Hit {
  readonly fields: {
    readonly stored: readonly [Micros]
    readonly id: readonly [StatementId]
    readonly size: readonly [number]
    readonly at?: readonly [string]
    readonly restamped?: readonly [boolean]
  }
}

interface SearchAnswer {
  readonly hits?: { readonly hits: readonly Hit[] }
  readonly status?: number
  readonly error?: unknown
}

/** The parameters of a search, besides the filter. */
interface Range extends Pick<StatementQuery, 'ascending' | 'limit' | 'after' | 'since' | 'until'> {
  readonly terms: readonly string[]
  /** Whether voided statements are left out. */
  readonly onlyValid: boolean
}

/** Matches what readers do not see yet, will never see, or do not see any more. */
const unseen = ({ terms, onlyValid }: Range, written: Written): object[] => [
  ...notWritten('round', written),
  ...terms.flatMap((term) =>
    notWritten('changedAt', written).map((late) => ({ bool: { filter: [{ term: { added: term } }, late] } }))
  ),
  ...(onlyValid ? [{ bool: { filter: [{ term: { voided: true } }], must_not: notWritten('voidedAt', written) } }] : [])
]

interface Bounds {
  readonly gt?: Micros
  readonly lt?: Micros
  readonly lte?: Micros
}

const searchBody = (
  range: Range,
  written: Written,
  size: number,
  bounds: readonly Bounds[],
  order: object
): object => ({
  size,
  track_total_hits: false,
  _source: false,
  stored_fields: '_none_',
  docvalue_fields: ['stored', 'id', 'size', 'at', 'restamped'],
  query: {
    bool: {
      filter: [
        ...range.terms.map((term) => ({ term: { tokens: term } })),
        ...bounds.map((stored) => ({ range: { stored } }))
      ],
      must_not: unseen(range, written)
    }
  },
  ...order
})

const boundsOf = ({ since, until }: Range): Bounds[] => [
  ...(since === undefined ? [] : [{ gt: since }]),
  ...(until === undefined ? [] : [{ lte: until }])
]

const directionOf = ({ ascending }: Range): 'asc' | 'desc' => (ascending ? 'asc' : 'desc')

/**
 * Sorts by `stored` alone. For this order Elasticsearch knows where to begin in both directions. With two sort fields it would look at all
 * matches. Only Python Ralph and other stores produce several statements with one `stored`. These are sorted afterwards.
 */
const pageBody = (range: Range, written: Written): object => {
  const { after, ascending, limit } = range
  const bounds = after === undefined ? [] : [ascending ? { gt: after.stored } : { lt: after.stored }]
  // One more than the limit tells whether more follow.
  return searchBody(range, written, limit + 1, [...boundsOf(range), ...bounds], {
    sort: [{ stored: directionOf(range) }]
  })
}

/** The statements with one `stored`, sorted by their ids. */
const tieBody = (range: Range, written: Written, stored: Micros, size: number, after?: StatementId): object => {
  const order = { sort: [{ id: directionOf(range) }], ...(after === undefined ? {} : { search_after: [after] }) }
  return searchBody(range, written, size, [...boundsOf(range), { gt: stored - 1, lte: stored }], order)
}

const matchOf = ({ fields }: Hit): Match => ({
  stored: fields.stored[0],
  id: fields.id[0],
  size: fields.size[0],
  at: fields.at?.[0] ?? fields.id[0],
  restamped: fields.restamped?.[0] === true
})

const inOrder = (matches: readonly Match[], { ascending }: Range): Match[] => {
  const sign = ascending ? 1 : -1
  return matches.toSorted((one, other) => sign * (one.stored - other.stored || (one.id < other.id ? -1 : 1)))
}

export interface Queries extends Pick<StatementStore, 'query' | 'queryText' | 'find' | 'findAll'> {
  /** All statements, voided ones too, oldest first. */
  everything(after: Position | undefined, limit: number, options?: CallOptions): Promise<StatementPage>
}

/** Finds the statements of a page, without their texts. */
const createSearch = ({ connection, relations }: TargetIndices) => {
  const searchAll = async (bodies: readonly object[], signal: AbortSignal | undefined): Promise<Match[][]> => {
    const header = JSON.stringify({ index: relations, allow_partial_search_results: false })
    const { body } = await connection.ask({
      method: 'POST',
      path: ['_msearch'],
      query: { filter_path: 'responses.hits.hits.fields,responses.status,responses.error' },
      lines: bodies.map((each) => `${header}\n${JSON.stringify(each)}\n`).join(''),
      kind: 'read',
      signal
    })
    // The answer of Elasticsearch. If nothing was found, the hits are absent.
    const { responses } = body as { readonly responses: readonly SearchAnswer[] }
    return responses.map(({ status = 200, error, hits }) => {
      if (error === undefined) return (hits?.hits ?? []).map(matchOf)
      const refusal = refusalOf(status, error)
      throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.reason}`)
    })
  }

  return async (range: Range, written: Written, signal: AbortSignal | undefined): Promise<Matches> => {
    const { after, limit } = range
    const rest = after === undefined ? [] : [tieBody(range, written, after.stored, limit + 1, after.id)]
    const answers = await searchAll([...rest, pageBody(range, written)], signal)
    let found = inOrder(answers.flat(), range).slice(0, limit + 1)
    const [end, beyond] = [found[limit - 1], found[limit]]
    if (end !== undefined && end.stored === beyond?.stored && end.stored !== after?.stored) {
      // Only all statements with the same `stored` tell which of them belong to the page.
      const start = found.findIndex(({ stored }) => stored === end.stored)
      const [ties = []] = await searchAll([tieBody(range, written, end.stored, limit + 1 - start)], signal)
      found = [...found.slice(0, start), ...ties]
    }
    const matches = found.slice(0, limit)
    const count = fitting(matches.map(({ size }) => size))
    return { matches: matches.slice(0, count), more: count < found.length, written }
  }
}

export const createQueries = (indices: TargetIndices, snapshots: DocumentSnapshots, pages: PageCache): Queries => {
  const { connection, relations, statements, keys } = indices
  const search = createSearch(indices)

  const rangeOf = (query: StatementQuery): Range => {
    const terms = termsOfQuery(query).map((term) => keys.token(tokenOf(term)))
    return { ...query, terms: terms.length === 0 ? [keys.every] : terms, onlyValid: true }
  }

  const match = (range: Range, options: CallOptions): Promise<Matches> =>
    snapshots.read((written) => search(range, written, options.signal), options)

  /** The texts of the matches. Undefined where somebody deleted a text from the index of Python Ralph. */
  const textsOf = async (matches: readonly Match[], { signal }: CallOptions): Promise<(Buffer | undefined)[]> => {
    const wanted = matches.map(({ at, size }) => ({ index: statements, id: at, size }))
    const got = await multiGet(connection, wanted, signal)
    return matches.map(({ restamped, stored }, at) => {
      const source = got[at]?.source
      return restamped && source !== undefined ? Buffer.from(withTimes(source.toString(), stored)) : source
    })
  }

  const pageOf = async ({ matches, more }: Omit<Matches, 'written'>, options: CallOptions): Promise<StatementPage> => {
    const texts = await textsOf(matches, options)
    const found = matches.flatMap(({ id, stored }, at): StoredStatement[] => {
      const text = texts[at]
      return text === undefined ? [] : [{ id, stored, text: text.toString() }]
    })
    return { statements: found, more }
  }

  const page = async (range: Range, options: CallOptions): Promise<StatementPage> =>
    pageOf(await match(range, options), options)

  /** Matches statements by their relations, which contain their size. */
  const matchAll = async (ids: readonly StatementId[], options: CallOptions): Promise<Omit<Matches, 'written'>> => {
    const wanted = [...new Set(ids)].map((id) => ({ index: relations, id: keys.statement(id) }))
    const { got, written } = await snapshots.get(wanted, options)
    const all = got.flatMap(({ source }): Match[] => {
      // Only Ralph writes there, so the shape is known.
      const relation = source && (JSON.parse(source.toString()) as Relation)
      if (!isStatement(relation) || statusAt(relation, written) === 'absent') return []
      const { id, stored, size, at = id, restamped = false } = relation
      return [{ id, stored, size, at, restamped }]
    })
    const count = fitting(all.map(({ size }) => size))
    return { matches: all.slice(0, count), more: count < all.length }
  }

  const textPage = async (query: StatementQuery, frame: PageFrame, options: CallOptions): Promise<TextPage> => {
    const { matches, more } = await match(rangeOf(query), options)
    const texts = (await textsOf(matches, options)).filter((text) => text !== undefined)
    return textPageOfBytes({ places: matches, texts, more }, frame)
  }

  return {
    query: (query, options = {}) => page(rangeOf(query), options),
    queryText: (query, frame, options = {}) =>
      pages.get(query, frame, {
        revision: () => snapshots.last(options),
        read: () => textPage(query, frame, options)
      }),
    find: async (id, { voided }, options = {}) => {
      const wanted = [
        { index: relations, id: keys.statement(id) },
        { index: statements, id }
      ]
      const { got, written } = await snapshots.get(wanted, options)
      const [relationGot, textGot] = got
      if (relationGot?.source === undefined) return undefined
      // Only Ralph writes there, so the shape is known.
      const relation = JSON.parse(relationGot.source.toString()) as Relation
      if (!isStatement(relation) || statusAt(relation, written) !== (voided ? 'voided' : 'valid')) return undefined
      const { stored, at, restamped } = relation
      let source = textGot?.source
      if (at !== undefined || source === undefined) {
        // It may have been written between the two requests.
        const [again] = await multiGet(connection, [{ index: statements, id: at ?? id }], options.signal)
        source = again?.source
      }
      if (source === undefined) return undefined
      const text = source.toString()
      return { id, stored, text: restamped ? withTimes(text, stored) : text }
    },
    findAll: async (ids, options = {}) => pageOf(await matchAll(ids, options), options),
    everything: async (after, limit, options = {}) => {
      for (let from = after; ; ) {
        const start = from === undefined ? {} : { after: from }
        const found = await match({ ascending: true, limit, ...start, terms: [keys.every], onlyValid: false }, options)
        const page = await pageOf(found, options)
        if (page.statements.length > 0 || !page.more) return page
        // Another program has deleted all of them from the index of Python Ralph. The next page begins after the last match.
        from = found.matches.at(-1)
      }
    }
  }
}
