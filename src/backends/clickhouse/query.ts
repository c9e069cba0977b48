import { LRUCache } from 'lru-cache'
import type {
  CallOptions,
  PageFrame,
  StatementPage,
  StoredStatement,
  TextPage
} from '../../contracts/statement-store.ts'
import { tokenOf } from '../../rounds/tokens.ts'
import { fitting, maxPageSize, type Position, type StatementQuery } from '../../xapi/filters.ts'
import { termsOfQuery } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Parameters } from './connect.ts'
import type { Progress } from './engine.ts'
import { bytesOfId, idLength, idOfBytes, keyOfToken } from './keys.ts'
import { type Asker, type Place, placesOfParameters, readAtPlaces } from './lookup.ts'
import { isServerError } from './translate-error.ts'

/** A statement of a page, its text as it came from the server. */
interface Row {
  readonly stored: Micros
  readonly id: Buffer
  readonly text: Buffer
}

interface Page {
  readonly rows: readonly Row[]
  readonly more: boolean
}

/** A row with all around its text, at most. */
const rowOverhead = 40
/** TOO_MANY_ROWS_OR_BYTES: what `max_result_bytes` answers with. */
const tooLarge = 396
/** How far the shortest of several lists is followed at first, and how much further each time nothing came of it. */
const firstWindow = 2000
const windowGrowth = 8

/** Which part of a sorted list is asked for, as SQL on `stored` and `id`. */
interface Range {
  readonly conditions: string
  readonly parameters: Parameters
  readonly direction: 'ASC' | 'DESC'
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

const rangeOf = ({ ascending, since, until }: StatementQuery, after: Position | undefined): Range => {
  const conditions: string[] = []
  const parameters: Record<string, string | number> = {}
  if (since !== undefined) {
    conditions.push('stored > {since:Int64}')
    parameters.since = since
  }
  if (until !== undefined) {
    conditions.push('stored <= {until:Int64}')
    parameters.until = until
  }
  if (after !== undefined) {
    const [than, orEqual] = ascending ? ['>', '>='] : ['<', '<=']
    // The first condition is the one that finds the place in the list.
    conditions.push(
      `stored ${orEqual} {after:Int64} AND (stored ${than} {after:Int64} OR id ${than} toFixedString(unhex({afterId:String}), 16))`
    )
    parameters.after = after.stored
    parameters.afterId = hex(bytesOfId(after.id))
  }
  return {
    conditions: conditions.map((condition) => ` AND ${condition}`).join(''),
    parameters,
    direction: ascending ? 'ASC' : 'DESC'
  }
}

export interface Queries {
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
  queryText(query: StatementQuery, frame: PageFrame, options?: CallOptions): Promise<TextPage>
}

/** How many statements a key has, roughly: for choosing which list to follow. */
const sizesKept = { max: 5000, ttl: 60_000 }

export const createQueries = (asker: Asker, progress: Progress): Queries => {
  const { connection, tables, store } = asker
  const sizes = new LRUCache<string, number>(sizesKept)

  const notVoided = (): string =>
    progress.hasVoided
      ? ` AND (stored, id) NOT IN (
           SELECT stored, id FROM ${tables.change} WHERE store = {store:UInt32} AND voided = 1 AND round <= {visible:Int64})`
      : ''

  /** The statements of one list, or all, as a query for `columns` of the statements. */
  const simple = (columns: string, isListed: boolean, { conditions, direction }: Range): string => {
    const order = `stored ${direction}, id ${direction}`
    const matching = `store = {store:UInt32} AND round <= {visible:Int64}${conditions}${notVoided()}`
    if (!isListed) {
      return `SELECT ${columns} FROM ${tables.statement} WHERE ${matching}
        ORDER BY store ${direction}, ${order} LIMIT {limit:UInt32}`
    }
    return `SELECT ${columns} FROM ${tables.statement} WHERE store = {store:UInt32} AND (stored, id) IN (
        SELECT stored, id FROM ${tables.entry} WHERE key = toFixedString(unhex({key:String}), 17) AND ${matching}
        ORDER BY store ${direction}, key ${direction}, ${order} LIMIT {limit:UInt32}
      ) ORDER BY ${order}`
  }

  const readRows = async (sql: string, parameters: Parameters, options: CallOptions, settings = {}): Promise<Row[]> => {
    const rows = await connection.read(sql, parameters, { ...options, settings })
    const all: Row[] = []
    while (rows.more()) all.push({ stored: rows.i64(), id: rows.fixed(idLength), text: rows.bytes() })
    return all
  }

  /** A page of all statements, or of those with one key. */
  const findSimple = async (query: StatementQuery, key: Buffer | undefined, options: CallOptions): Promise<Page> => {
    const range = rangeOf(query, query.after)
    const { limit } = query
    const parameters = {
      ...range.parameters,
      store,
      visible: progress.visible,
      ...(key === undefined ? {} : { key: hex(key) })
    }
    const isListed = key !== undefined
    const texts = simple('stored, id, text', isListed, range)
    try {
      const rows = await readRows(texts, { ...parameters, limit: limit + 1 }, options, {
        max_result_bytes: String(maxPageSize + (limit + 1) * rowOverhead),
        result_overflow_mode: 'throw'
      })
      const count = fitting(rows.slice(0, limit).map(({ text }) => text.length))
      return { rows: rows.slice(0, count), more: count < rows.length }
    } catch (error) {
      if (!(error instanceof Error) || !isServerError(error.cause, tooLarge)) throw error
    }
    // Larger than a page may be: first how large, then no more texts than fit.
    const lengths: number[] = []
    const rows = await connection.read(
      simple('size', isListed, range),
      { ...parameters, limit: limit + 1 },
      { ...options }
    )
    while (rows.more()) lengths.push(rows.u32())
    const count = fitting(lengths.slice(0, limit))
    const page = await readRows(texts, { ...parameters, limit: count }, options)
    return { rows: page, more: count < lengths.length }
  }

  const sizeOf = async (key: Buffer, options: CallOptions): Promise<number> => {
    const name = hex(key)
    const known = sizes.get(name)
    if (known !== undefined) return known
    const rows = await connection.read(
      `SELECT count() FROM ${tables.entry} WHERE store = {store:UInt32} AND key = toFixedString(unhex({key:String}), 17)`,
      { store, key: name },
      options
    )
    const size = rows.i64()
    sizes.set(name, size)
    return size
  }

  /** The shortest list first. */
  const sorted = async (keys: readonly Buffer[], options: CallOptions): Promise<Buffer[]> => {
    const all = await Promise.all(keys.map(async (key) => ({ key, size: await sizeOf(key, options) })))
    return all.sort((one, other) => one.size - other.size).map(({ key }) => key)
  }

  /** Where statements are that have all keys: the shortest list is followed, the others are asked for what is in it. */
  const findCommon = async (
    query: StatementQuery,
    keys: readonly Buffer[],
    wanted: number,
    options: CallOptions
  ): Promise<Place[]> => {
    const [first, ...others] = await sorted(keys, options)
    if (first === undefined) return []
    const found: Place[] = []
    let after = query.after
    for (let window = firstWindow; ; window *= windowGrowth) {
      const { conditions, parameters, direction } = rangeOf(query, after)
      const order = `stored ${direction}, id ${direction}`
      const list = (key: string): string =>
        `FROM ${tables.entry} WHERE store = {store:UInt32} AND key = toFixedString(unhex({${key}:String}), 17)
         AND round <= {visible:Int64}`
      const followed = `SELECT stored, id ${list('key')}${conditions}
        ORDER BY store ${direction}, key ${direction}, ${order} LIMIT {window:UInt32}`
      const inOthers = others.map((_, index) => {
        const bounds = `stored >= (SELECT min(stored) FROM (${followed})) AND stored <= (SELECT max(stored) FROM (${followed}))`
        return ` AND (stored, id) IN (SELECT stored, id ${list(`key${index}`)} AND ${bounds} AND (stored, id) IN (${followed}))`
      })
      const sql = `SELECT 0 AS what, stored, id FROM (${followed}) WHERE 1${inOthers.join('')}${notVoided()}
        UNION ALL SELECT 1 AS what, stored, id FROM (${followed}) ORDER BY what, ${order}`
      const keyParameters = Object.fromEntries(others.map((key, index) => [`key${index}`, hex(key)]))
      const rows = await connection.read(
        sql,
        { ...parameters, ...keyParameters, key: hex(first), store, visible: progress.visible, window },
        options
      )
      let length = 0
      let last: Place | undefined
      while (rows.more()) {
        const [what, stored, id] = [rows.u8(), rows.i64(), rows.fixed(idLength)]
        if (what === 0) found.push({ stored, id })
        else {
          length += 1
          last = { stored, id }
        }
      }
      if (found.length >= wanted || length < window || last === undefined) return found.slice(0, wanted)
      after = { stored: last.stored, id: idOfBytes(last.id) }
    }
  }

  const findIntersection = async (
    query: StatementQuery,
    keys: readonly Buffer[],
    options: CallOptions
  ): Promise<Page> => {
    const places = await findCommon(query, keys, query.limit + 1, options)
    if (places.length === 0) return { rows: [], more: false }
    const order = ({ stored, id }: Place): string => `${stored} ${hex(id)}`
    const wanted = places.slice(0, query.limit)
    const from = `FROM ${tables.statement} WHERE store = {store:UInt32} AND (stored, id) IN ${placesOfParameters}`
    const lengths = new Map<string, number>()
    for (const rows of await readAtPlaces(asker, `SELECT stored, id, size ${from}`, wanted, {}, options)) {
      while (rows.more()) lengths.set(order({ stored: rows.i64(), id: rows.fixed(idLength) }), rows.u32())
    }
    const count = fitting(wanted.map((place) => lengths.get(order(place)) ?? 0))
    const texts = new Map<string, Row>()
    const fits = wanted.slice(0, count)
    for (const rows of await readAtPlaces(asker, `SELECT stored, id, text ${from}`, fits, {}, options)) {
      while (rows.more()) {
        const row = { stored: rows.i64(), id: rows.fixed(idLength), text: rows.bytes() }
        texts.set(order(row), row)
      }
    }
    const rows = fits.map((place) => texts.get(order(place))).filter((row) => row !== undefined)
    return { rows, more: count < places.length }
  }

  const find = (query: StatementQuery, options: CallOptions): Promise<Page> => {
    const keys = termsOfQuery(query).map((term) => keyOfToken(tokenOf(term)))
    return keys.length > 1 ? findIntersection(query, keys, options) : findSimple(query, keys[0], options)
  }

  const storedStatement = ({ stored, id, text }: Row): StoredStatement => ({
    id: idOfBytes(id),
    stored,
    text: text.toString()
  })

  return {
    query: async (query, options = {}) => {
      const { rows, more } = await find(query, options)
      return { statements: rows.map(storedStatement), more }
    },
    queryText: async (query, frame, options = {}) => {
      const { rows, more } = await find(query, options)
      const last = rows.at(-1)
      const end = more && last !== undefined ? { stored: last.stored, id: idOfBytes(last.id) } : undefined
      const comma = Buffer.from(',')
      const pieces: Uint8Array[] = [Buffer.from(frame.before)]
      for (const [index, { text }] of rows.entries()) {
        if (index > 0) pieces.push(comma)
        pieces.push(text)
      }
      pieces.push(Buffer.from(frame.after(end)))
      return {
        json: Buffer.concat(pieces),
        newest: last === undefined ? undefined : Math.max(rows[0]?.stored ?? 0, last.stored),
        end
      }
    }
  }
}
