import { LRUCache } from 'lru-cache'
import type {
  CallOptions,
  PageFrame,
  StatementPage,
  StoredStatement,
  TextPage
} from '../../contracts/statement-store.ts'
import { tokenOf } from '../../storage/batching/tokens.ts'
import { createPageCache } from '../../storage/page-cache.ts'
import { fitting, maxPageSize, type StatementQuery } from '../../xapi/filters.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import { textPageOfBytes } from '../../xapi/text-page.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection, QueryOptions, QueryParameters } from './connect.ts'
import { isServerError } from './errors.ts'
import { bytesOfId, idLength, idOfBytes, keyOfId, keyOfToken, ofItself } from './keys.ts'
import type { ReadContext } from './look-up.ts'
import type { WriterProgress } from './progress.ts'
import { hex, rangeOf } from './range.ts'
import { createRowWriter } from './row-binary.ts'

/** A statement of a page, with its text as the server sent it. */
interface Row {
  readonly stored: Micros
  readonly id: Buffer
  readonly text: Buffer
}

interface Page {
  readonly rows: readonly Row[]
  readonly more: boolean
}

/** The largest size of a row without its text. */
const rowOverhead = 40
/** TOO_MANY_ROWS_OR_BYTES: the answer when `max_result_bytes` is exceeded. */
const tooLarge = 396
/** How far the shortest of several lists is read at first, and by how much more each time when it was not enough. */
const firstWindow = 500
const windowGrowth = 8

export interface Queries {
  findAll(ids: readonly StatementId[], options?: CallOptions): Promise<StatementPage>
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
  queryText(query: StatementQuery, frame: PageFrame, options?: CallOptions): Promise<TextPage>
}

/** The approximate number of statements of each key, for choosing the list to read. */
const sizesKept = { max: 5000, ttl: 60_000 }

const readTexts = async (
  connection: Connection,
  sql: string,
  parameters: QueryParameters,
  options: QueryOptions,
  settings = {}
): Promise<Row[]> => {
  const rows = await connection.read(sql, parameters, { ...options, settings })
  const all: Row[] = []
  while (rows.more()) all.push({ stored: rows.i64(), id: rows.fixed(idLength), text: rows.bytes() })
  return all
}

/** A page of the statements whose positions `matching` yields, or of all statements in a range. `texts` and `sizes` are SQL. */
const readPage = async (
  connection: Connection,
  { texts, sizes }: { readonly texts: string; readonly sizes: string },
  parameters: QueryParameters,
  limit: number,
  options: QueryOptions
): Promise<Page> => {
  try {
    const rows = await readTexts(connection, texts, { ...parameters, limit: limit + 1 }, options, {
      max_result_bytes: String(maxPageSize + (limit + 1) * rowOverhead),
      result_overflow_mode: 'throw'
    })
    const count = fitting(rows.slice(0, limit).map(({ text }) => text.length))
    return { rows: rows.slice(0, count), more: count < rows.length }
  } catch (error) {
    if (!(error instanceof Error) || !isServerError(error.cause, tooLarge)) throw error
  }
  // The result may be larger than a page: the sizes are read first, and then only the texts that fit.
  const lengths: number[] = []
  const answer = await connection.read(sizes, { ...parameters, limit: limit + 1 }, options)
  while (answer.more()) lengths.push(answer.u32())
  const count = fitting(lengths.slice(0, limit))
  const rows = await readTexts(connection, texts, { ...parameters, limit: count }, options)
  return { rows, more: count < lengths.length }
}

/** How the statements of a page are found, in the order of the query. */
interface Finders {
  /** A page of all statements, which are in this order already. */
  inOrder(query: StatementQuery, options: CallOptions): Promise<Page>
  /**
   * A page of the statements that have all of the keys. The first list is read up to `window` rows (undefined: to its end). The other lists
   * are only asked for the statements that are left.
   */
  withKeys(
    query: StatementQuery,
    keys: readonly [Buffer, ...Buffer[]],
    window: number | undefined,
    options: CallOptions
  ): Promise<Page>
  /** The statements with these ids, voided or not. */
  withIds(ids: readonly StatementId[], options: CallOptions): Promise<Page>
}

const createFinders = ({ connection, tables, store }: ReadContext, progress: WriterProgress): Finders => {
  const notVoided = (): string =>
    progress.hasVoided
      ? ` AND (stored, id) NOT IN (
           SELECT stored, id FROM ${tables.change} WHERE store = {store:UInt32} AND voided = 1 AND round <= {visible:Int64})`
      : ''

  const inOrder: Finders['inOrder'] = (query, options) => {
    const { conditions, parameters, direction } = rangeOf(query)
    const select = (columns: string): string =>
      `SELECT ${columns} FROM ${tables.statement}
       WHERE store = {store:UInt32} AND round <= {visible:Int64}${conditions}${notVoided()}
       ORDER BY store ${direction}, stored ${direction}, id ${direction} LIMIT {limit:UInt32}`
    return readPage(
      connection,
      { texts: select('stored, id, text'), sizes: select('size') },
      { ...parameters, store, visible: progress.visible },
      query.limit,
      options
    )
  }

  const withKeys: Finders['withKeys'] = (query, [first, ...others], window, options) => {
    const { conditions, parameters, direction } = rangeOf(query)
    const order = `stored ${direction}, id ${direction}`
    const list = (key: string): string =>
      `SELECT stored, id FROM ${tables.entry} WHERE store = {store:UInt32}
       AND key = toFixedString(unhex({${key}:String}), 17) AND round <= {visible:Int64}`
    const listOrder = `ORDER BY store ${direction}, key ${direction}, ${order}`
    const limited = others.length === 0 ? 'limit' : 'window'
    const followed = `${list('key')}${conditions}${notVoided()}${
      others.length > 0 && window === undefined ? '' : ` ${listOrder} LIMIT {${limited}:UInt32}`
    }`
    const common = others.reduce(
      (places, _, index) => `${list(`key${index}`)} AND (stored, id) IN (${places})`,
      followed
    )
    const places = others.length === 0 ? common : `${common} ${listOrder} LIMIT {limit:UInt32}`
    const select = (columns: string): string =>
      `SELECT ${columns} FROM ${tables.statement}
       WHERE store = {store:UInt32} AND (stored, id) IN (${places}) ORDER BY ${order}`
    const keys = Object.fromEntries(others.map((key, index) => [`key${index}`, hex(key)]))
    return readPage(
      connection,
      { texts: select('stored, id, text'), sizes: select('size') },
      {
        ...parameters,
        ...keys,
        key: hex(first),
        store,
        visible: progress.visible,
        ...(window === undefined ? {} : { window })
      },
      query.limit,
      options
    )
  }

  const withIds: Finders['withIds'] = (ids, options) => {
    const wanted = createRowWriter()
    for (const id of ids) wanted.fixed(keyOfId(ofItself, bytesOfId(id)))
    const select = (columns: string): string =>
      `SELECT ${columns} FROM ${tables.statement} WHERE store = {store:UInt32} AND (stored, id) IN (
         SELECT stored, id FROM ${tables.entry}
         WHERE store = {store:UInt32} AND key IN (SELECT key FROM given) AND round <= {visible:Int64}
       ) ORDER BY stored, id LIMIT {limit:UInt32}`
    return readPage(
      connection,
      { texts: select('stored, id, text'), sizes: select('size') },
      { store, visible: progress.visible },
      ids.length,
      { ...options, given: { columns: 'key FixedString(17)', rows: wanted.finish() } }
    )
  }

  return { inOrder, withKeys, withIds }
}

/** How many statements have a key: an estimate from the index, without reading rows. It is never too small. */
const createSizes = ({ connection, tables, store }: ReadContext) => {
  const sizes = new LRUCache<string, number>(sizesKept)
  return async (key: Buffer, options: CallOptions): Promise<number> => {
    const name = hex(key)
    const known = sizes.get(name)
    if (known !== undefined) return known
    const rows = await connection.read(
      `SELECT toInt64(sum(rows)) FROM (
         EXPLAIN ESTIMATE SELECT id FROM ${tables.entry}
         WHERE store = {store:UInt32} AND key = toFixedString(unhex({key:String}), 17)
       )`,
      { store, key: name },
      options
    )
    const size = rows.i64()
    sizes.set(name, size)
    return size
  }
}

const storedStatement = ({ stored, id, text }: Row): StoredStatement => ({
  id: idOfBytes(id),
  stored,
  text: text.toString()
})

/** Only this process writes, so a page stays valid until it writes. */
export const createQueries = (context: ReadContext, progress: WriterProgress): Queries => {
  const finders = createFinders(context, progress)
  const sizeOf = createSizes(context)
  const pages = createPageCache()

  const findCommon = async (query: StatementQuery, keys: readonly Buffer[], options: CallOptions): Promise<Page> => {
    const sized = await Promise.all(keys.map(async (key) => ({ key, size: await sizeOf(key, options) })))
    sized.sort((one, other) => one.size - other.size)
    const [shortest, ...others] = sized
    if (shortest === undefined) return finders.inOrder(query, options)
    const lists = [shortest.key, ...others.map(({ key }) => key)] as const
    for (let window = Math.max(firstWindow, 4 * query.limit); window < shortest.size; window *= windowGrowth) {
      const page = await finders.withKeys(query, lists, window, options)
      // The page is complete if more statements follow: the rest of the list comes later in the order too.
      if (page.more) return page
    }
    return finders.withKeys(query, lists, undefined, options)
  }

  const find = (query: StatementQuery, options: CallOptions): Promise<Page> => {
    const [first, ...others] = termsOfQuery(query).map((term) => keyOfToken(tokenOf(term)))
    if (first === undefined) return finders.inOrder(query, options)
    return others.length === 0
      ? finders.withKeys(query, [first], undefined, options)
      : findCommon(query, [first, ...others], options)
  }

  return {
    findAll: async (ids, options = {}) => {
      if (ids.length === 0) return { statements: [], more: false }
      const { rows, more } = await finders.withIds(ids, options)
      return { statements: rows.map(storedStatement), more }
    },
    query: async (query, options = {}) => {
      const { rows, more } = await find(query, options)
      return { statements: rows.map(storedStatement), more }
    },
    queryText: (query, frame, options = {}) =>
      pages.get(query, frame, {
        revision: () => progress.visible,
        read: async () => {
          const { rows, more } = await find(query, options)
          const places = rows.map(({ stored, id }) => ({ stored, id: idOfBytes(id) }))
          return textPageOfBytes({ places, texts: rows.map(({ text }) => text), more }, frame)
        }
      })
  }
}
