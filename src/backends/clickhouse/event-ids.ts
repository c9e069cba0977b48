import { createIdFilter } from './bloom-filter.ts'
import type { Connection } from './connect.ts'
import { idLength, uuidOfBytes } from './keys.ts'

/**
 * Tells without a request that a table has no event with an id. Most records are new, and asking for their ids takes as long as writing
 * them. It does not know what other processes write meanwhile.
 */
export interface EventIds {
  /** Called before the event is written. */
  add(id: Uint8Array): void
  /** False: the table certainly does not have it. */
  mayHave(id: Uint8Array): boolean
}

/**
 * The number of ids that are remembered, with four bytes or more each, and the number that is read at first. Above them every id is looked
 * up.
 */
const most = { remembered: 2_000_000, read: 500_000 } as const

const allMayBeThere: EventIds = { add: () => {}, mayHave: () => true }

/** @param table quoted, with its database */
export const readEventIds = async (connection: Connection, table: string): Promise<EventIds> => {
  const counted = await connection.read(`SELECT toInt64(count()) FROM ${table}`)
  const count = counted.i64()
  if (count > most.read) return allMayBeThere
  const filter = createIdFilter(count * 1.5)
  let remembered = 0
  const add = (id: Uint8Array): void => {
    remembered += 1
    if (remembered <= most.remembered) filter.add(id)
  }
  const rows = await connection.read(`SELECT event_id FROM ${table}`)
  while (rows.more()) add(uuidOfBytes(rows.fixed(idLength)))
  return { add, mayHave: (id) => remembered > most.remembered || filter.mayHave(id) }
}
