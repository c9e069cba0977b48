import type { Lookup, PresentStatement } from '../../rounds/engine.ts'
import type { Token } from '../../rounds/tokens.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection, Parameters, ReadOptions } from './connect.ts'
import { bytesOfId, idLength, idOfBytes, keyLength, ofItself, tokenOfKey } from './keys.ts'
import type { RowReader } from './row-binary.ts'
import type { Tables } from './settings.ts'

/** What asks questions about one store. */
export interface Asker {
  readonly connection: Connection
  readonly tables: Tables
  /** Its number in the tables. */
  readonly store: number
}

/** A server takes no value of more than 128 KiB in a request: ids go as 32 digits, positions as 48. */
const most = { ids: 4000, positions: 2500 }

const chunksOf = <Item>(items: readonly Item[], size: number): (readonly Item[])[] => {
  const chunks: (readonly Item[])[] = []
  for (let start = 0; start < items.length; start += size) chunks.push(items.slice(start, start + size))
  return chunks
}

/** Where a statement is. */
export interface Place {
  readonly stored: Micros
  readonly id: Buffer
}

/** `(stored, id)` of the parameters `places` and `count`. */
export const placesOfParameters = `(
  SELECT reinterpretAsInt64(substring(unhex({places:String}), number * 24 + 1, 8)),
    toFixedString(substring(unhex({places:String}), number * 24 + 9, 16), 16)
  FROM numbers({count:UInt32})
)`

export const placeParameters = (places: readonly Place[]): { readonly places: string; readonly count: number } => {
  const bytes = Buffer.alloc(places.length * 24)
  for (const [index, { stored, id }] of places.entries()) {
    bytes.writeBigInt64LE(BigInt(stored), index * 24)
    bytes.set(id, index * 24 + 8)
  }
  return { places: bytes.toString('hex'), count: places.length }
}

/** One request for each so many of the places. */
export const readAtPlaces = async (
  { connection, store }: Asker,
  sql: string,
  places: readonly Place[],
  parameters: Parameters = {},
  options?: ReadOptions
): Promise<RowReader[]> =>
  Promise.all(
    chunksOf(places, most.positions).map((chunk) =>
      connection.read(sql, { ...parameters, store, ...placeParameters(chunk) }, options)
    )
  )

interface Found {
  readonly places: Map<StatementId, Place>
  readonly referrers: Map<StatementId, StatementId[]>
}

const findKeys = async ({ connection, tables, store }: Asker, ids: readonly StatementId[]): Promise<Found> => {
  const sql = `SELECT key, stored, id FROM ${tables.entry} WHERE store = {store:UInt32} AND key IN (
    SELECT toFixedString(concat(letter, substring(unhex({ids:String}), number * 16 + 1, 16)), 17)
    FROM numbers({count:UInt32}) ARRAY JOIN ['i', 'o'] AS letter
  )`
  const answers = await Promise.all(
    chunksOf(ids, most.ids).map((chunk) => {
      const digits = chunk.map((id) => id.replaceAll('-', '')).join('')
      return connection.read(sql, { store, ids: digits, count: chunk.length })
    })
  )
  const found: Found = { places: new Map(), referrers: new Map() }
  for (const rows of answers) {
    while (rows.more()) {
      const key = rows.fixed(keyLength)
      const [stored, id] = [rows.i64(), rows.fixed(idLength)]
      const about = idOfBytes(key.subarray(1))
      if (key[0] === ofItself) found.places.set(about, { stored, id })
      else found.referrers.set(about, [...(found.referrers.get(about) ?? []), idOfBytes(id)])
    }
  }
  return found
}

interface Changes {
  readonly tokens: Token[]
  voided: boolean
}

const readTokens = (rows: RowReader): Token[] =>
  Array.from({ length: rows.count() }, () => tokenOfKey(rows.fixed(keyLength)))

/** Only what became of statements that were there; most have nothing. */
const readChanges = async (asker: Asker, places: readonly Place[]): Promise<ReadonlyMap<StatementId, Changes>> => {
  const sql = `SELECT id, voided, keys FROM ${asker.tables.change}
    WHERE store = {store:UInt32} AND (stored, id) IN ${placesOfParameters}`
  const all = new Map<StatementId, Changes>()
  for (const rows of await readAtPlaces(asker, sql, places)) {
    while (rows.more()) {
      const id = idOfBytes(rows.fixed(idLength))
      const changes = all.get(id) ?? { tokens: [], voided: false }
      if (rows.u8() === 1) changes.voided = true
      changes.tokens.push(...readTokens(rows))
      all.set(id, changes)
    }
  }
  return all
}

const readPresent = async (
  asker: Asker,
  places: readonly Place[]
): Promise<ReadonlyMap<StatementId, PresentStatement>> => {
  const present = new Map<StatementId, PresentStatement>()
  if (places.length === 0) return present
  const sql = `SELECT stored, id, voiding, object, keys, text FROM ${asker.tables.statement}
    WHERE store = {store:UInt32} AND (stored, id) IN ${placesOfParameters}`
  const [answers, changes] = await Promise.all([readAtPlaces(asker, sql, places), readChanges(asker, places)])
  for (const rows of answers) {
    while (rows.more()) {
      const [stored, id, voiding, object] = [rows.i64(), idOfBytes(rows.fixed(idLength)), rows.u8() === 1, rows.bytes()]
      const [own, changed] = [readTokens(rows), changes.get(id)]
      present.set(id, {
        id,
        stored,
        text: rows.text(),
        tokens: changed === undefined ? own : [...new Set([...own, ...changed.tokens])],
        target: object.length === 0 ? undefined : idOfBytes(object),
        voiding,
        voided: changed?.voided === true
      })
    }
  }
  return present
}

/** `Turn.lookUp`: one request, and two more when some are there. */
export const lookUp = async (asker: Asker, ids: readonly StatementId[]): Promise<Lookup> => {
  if (ids.length === 0) return { present: new Map(), referrers: new Map() }
  const { places, referrers } = await findKeys(asker, ids)
  return { present: await readPresent(asker, [...places.values()]), referrers }
}

export const placeOf = (id: StatementId, stored: Micros): Place => ({ stored, id: bytesOfId(id) })
