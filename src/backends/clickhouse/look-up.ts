import type { Lookup, PresentStatement } from '../../storage/batching/engine.ts'
import type { Token } from '../../storage/batching/tokens.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection, Given } from './connect.ts'
import { bytesOfId, idLength, idOfBytes, keyLength, ofItself, tokenOfKey } from './keys.ts'
import type { TableNames } from './names.ts'
import { createRowWriter, type RowReader } from './row-binary.ts'

/** What every query about one store needs. */
export interface ReadContext {
  readonly connection: Connection
  readonly tables: TableNames
  /** The number of the store in the tables. */
  readonly store: number
}

/** The position of a statement. */
export interface StatementPlace {
  readonly stored: Micros
  readonly id: Buffer
}

/** Positions as a table that is sent with a query. `givenPlaces` reads them there. */
export const placesGiven = (places: readonly StatementPlace[]): Given => {
  const rows = createRowWriter()
  for (const { stored, id } of places) {
    rows.i64(stored)
    rows.fixed(id)
  }
  return { columns: 'stored Int64, id FixedString(16)', rows: rows.finish() }
}

export const givenPlaces = '(SELECT stored, id FROM given)'

interface Found {
  readonly places: Map<StatementId, StatementPlace>
  readonly referrers: Map<StatementId, StatementId[]>
}

const findKeys = async ({ connection, tables, store }: ReadContext, ids: readonly StatementId[]): Promise<Found> => {
  const wanted = createRowWriter()
  for (const id of ids) wanted.fixed(bytesOfId(id))
  const rows = await connection.read(
    `SELECT key, stored, id FROM ${tables.entry} WHERE store = {store:UInt32} AND key IN (
       SELECT toFixedString(concat(letter, id), 17) FROM given ARRAY JOIN ['i', 'o'] AS letter
     )`,
    { store },
    { given: { columns: 'id FixedString(16)', rows: wanted.finish() } }
  )
  const found: Found = { places: new Map(), referrers: new Map() }
  while (rows.more()) {
    const key = rows.fixed(keyLength)
    const [stored, id] = [rows.i64(), rows.fixed(idLength)]
    const about = idOfBytes(key.subarray(1))
    if (key[0] === ofItself) found.places.set(about, { stored, id })
    else found.referrers.set(about, [...(found.referrers.get(about) ?? []), idOfBytes(id)])
  }
  return found
}

interface Changes {
  readonly tokens: Token[]
  voided: boolean
}

const readTokens = (rows: RowReader): Token[] =>
  Array.from({ length: rows.count() }, () => tokenOfKey(rows.fixed(keyLength)))

/** Reads only what changed in existing statements. Most have no changes. */
const readChanges = async (
  { connection, tables, store }: ReadContext,
  places: Given
): Promise<ReadonlyMap<StatementId, Changes>> => {
  const rows = await connection.read(
    `SELECT id, voided, keys FROM ${tables.change} WHERE store = {store:UInt32} AND (stored, id) IN ${givenPlaces}`,
    { store },
    { given: places }
  )
  const all = new Map<StatementId, Changes>()
  while (rows.more()) {
    const id = idOfBytes(rows.fixed(idLength))
    const changes = all.get(id) ?? { tokens: [], voided: false }
    if (rows.u8() === 1) changes.voided = true
    changes.tokens.push(...readTokens(rows))
    all.set(id, changes)
  }
  return all
}

const readPresent = async (
  context: ReadContext,
  places: readonly StatementPlace[]
): Promise<ReadonlyMap<StatementId, PresentStatement>> => {
  const present = new Map<StatementId, PresentStatement>()
  if (places.length === 0) return present
  const { connection, tables, store } = context
  const given = placesGiven(places)
  const [rows, changes] = await Promise.all([
    connection.read(
      `SELECT stored, id, voiding, object, keys, text FROM ${tables.statement}
       WHERE store = {store:UInt32} AND (stored, id) IN ${givenPlaces}`,
      { store },
      { given }
    ),
    readChanges(context, given)
  ])
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
  return present
}

/** One request, and two more if some of the statements exist. */
export const lookUp = async (context: ReadContext, ids: readonly StatementId[]): Promise<Lookup> => {
  if (ids.length === 0) return { present: new Map(), referrers: new Map() }
  const { places, referrers } = await findKeys(context, ids)
  return { present: await readPresent(context, [...places.values()]), referrers }
}
