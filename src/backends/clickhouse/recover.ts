import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { completeEvents } from './events.ts'
import { idLength, idOfBytes } from './keys.ts'
import type { ReadContext } from './look-up.ts'

/** The batches after the last one that is known to be complete. */
export interface Recovered {
  /** The last whole batch. */
  readonly round: number
  /** Its statements. They count, but must be linked again. */
  readonly unfinished: readonly StatementId[]
}

interface Found {
  readonly round: number
  readonly isWhole: boolean
  readonly first: Micros
}

const findRounds = async ({ connection, tables, store }: ReadContext, complete: number): Promise<Found[]> => {
  const rows = await connection.read(
    `SELECT round, count() = max(members), min(stored) FROM ${tables.statement}
     WHERE store = {store:UInt32} AND round > {complete:Int64} GROUP BY round ORDER BY round`,
    { store, complete }
  )
  const found: Found[] = []
  while (rows.more()) found.push({ round: rows.i64(), isWhole: rows.u8() === 1, first: rows.i64() })
  return found
}

/** Batches without statements. Their changes are written last. */
const findChanges = async (
  { connection, tables, store }: ReadContext,
  complete: number,
  others: readonly number[]
): Promise<number[]> => {
  const rows = await connection.read(
    `SELECT DISTINCT round FROM ${tables.change} WHERE store = {store:UInt32} AND round > {complete:Int64}`,
    { store, complete }
  )
  const found: number[] = []
  while (rows.more()) found.push(rows.i64())
  return found.filter((round) => !others.includes(round))
}

const remove = async (
  { connection, store }: ReadContext,
  table: string,
  complete: number,
  committed: readonly number[]
): Promise<void> => {
  const condition = `store = {store:UInt32} AND round > {complete:Int64}
    AND NOT has(splitByChar(',', {committed:String}), toString(round))`
  const parameters = { store, complete, committed: committed.join(',') }
  const rows = await connection.read(`SELECT count() FROM ${table} WHERE ${condition}`, parameters)
  if (rows.i64() > 0) await connection.run(`ALTER TABLE ${table} DELETE WHERE ${condition}`, parameters)
}

/** The missing entries of the statements of the batch. They belong to this batch: ClickHouse accepts no more rows of others. */
const completeEntries = async (
  { connection, tables, store }: ReadContext,
  round: number,
  present: number
): Promise<void> => {
  const own = `SELECT store, stored, id, arrayJoin(arrayConcat(
         keys,
         [toFixedString(concat('i', toString(id)), 17)],
         if(object = '', [], [toFixedString(concat('o', object), 17)])
       )) AS own
     FROM ${tables.statement} WHERE store = {store:UInt32} AND round = {round:Int64}`
  await connection.run(
    `INSERT INTO ${tables.entry} (store, key, stored, id, round)
     SELECT store, own, stored, id, {present:Int64} FROM (${own}) WHERE (own, stored, id) NOT IN (
       SELECT key, stored, id FROM ${tables.entry}
       WHERE store = {store:UInt32} AND (key, stored, id) IN (SELECT own, stored, id FROM (${own}))
     )`,
    { store, round, present }
  )
}

const idsOf = async ({ connection, tables, store }: ReadContext, round: number): Promise<StatementId[]> => {
  const rows = await connection.read(
    `SELECT id FROM ${tables.statement} WHERE store = {store:UInt32} AND round = {round:Int64} ORDER BY stored`,
    { store, round }
  )
  const ids: StatementId[] = []
  while (rows.more()) ids.push(idOfBytes(rows.fixed(idLength)))
  return ids
}

/**
 * Runs after a batch whose result is unknown. Completes a batch whose statements are stored, and removes any other. `complete` is the last
 * batch that is known to be whole. `present` is the number under which missing rows are written.
 */
export const recover = async (
  context: ReadContext,
  eventTable: string,
  complete: number,
  present: number
): Promise<Recovered> => {
  await context.connection.settle()
  const found = await findRounds(context, complete)
  const whole = found.filter(({ isWhole }) => isWhole)
  const changes = await findChanges(
    context,
    complete,
    found.map(({ round }) => round)
  )
  const committed = [...whole.map(({ round }) => round), ...changes]
  const { entry, change, statement } = context.tables
  await Promise.all([entry, change, statement].map((table) => remove(context, table, complete, committed)))
  const unfinished: StatementId[] = []
  for (const { round, first } of whole) {
    await completeEntries(context, round, present)
    await completeEvents(context, eventTable, first)
    unfinished.push(...(await idsOf(context, round)))
  }
  return { round: Math.max(complete, ...committed), unfinished }
}
