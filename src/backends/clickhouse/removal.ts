import { hash } from 'node:crypto'
import type { Removal } from '../../storage/batching/engine.ts'
import { bytesOfId } from './keys.ts'
import type { ReadContext } from './look-up.ts'

/** Ids of one mutation. ClickHouse keeps the text of each mutation. */
const maxIds = 1000

/** ClickHouse keeps the text of mutations, so it gets digests in the place of identifiers. */
const digestsOf = (texts: readonly string[]): string => texts.map((text) => hash('sha256', text)).join(',')

const isAmong = (column: string): string => `has(splitByChar(',', {digests:String}), lower(hex(SHA256(${column}))))`

function* portionsOf<Item>(items: readonly Item[]): Generator<readonly Item[]> {
  for (let at = 0; at < items.length; at += maxIds) yield items.slice(at, at + maxIds)
}

/**
 * Deletes rows by mutations, which write the parts anew that have some of them. The newest batch must be a later one: the number of its
 * rows tells whether it is whole.
 */
export const remove = async (
  { connection, tables, store }: ReadContext,
  eventTable: string,
  { statements, attachments, agents, activities, verbs }: Removal
): Promise<void> => {
  const run = (table: string, condition: string, parameters: Record<string, string | number>): Promise<void> =>
    connection.run(`ALTER TABLE ${table} DELETE WHERE ${condition}`, parameters)
  for (const some of portionsOf(statements)) {
    const ids = some.map(({ id }) => bytesOfId(id).toString('hex')).join(',')
    const stored = some.map((each) => each.stored)
    const own = `store = {store:UInt32} AND stored >= {first:Int64} AND stored <= {last:Int64} AND has(splitByChar(',', {ids:String}), lower(hex(id)))`
    const parameters = { store, ids, first: Math.min(...stored), last: Math.max(...stored) }
    // The statement itself goes last: as long as it is there, all of this can be repeated.
    await run(tables.entry, own, parameters)
    await run(tables.change, own, parameters)
    const uuids = some.map(({ id }) => id).join(',')
    await run(eventTable, "has(splitByChar(',', {uuids:String}), toString(event_id))", { uuids })
    await run(tables.statement, own, parameters)
  }
  for (const some of portionsOf(attachments)) {
    await run(tables.attachment, `store = {store:UInt32} AND ${isAmong('sha2')}`, { store, digests: digestsOf(some) })
  }
  for (const [kind, all] of Object.entries({ n: agents, a: activities, v: verbs })) {
    for (const some of portionsOf(all)) {
      const condition = `store = {store:UInt32} AND kind = {kind:String} AND ${isAmong('subject')}`
      await run(tables.description, condition, { store, kind, digests: digestsOf(some) })
    }
  }
}

/** Removes the versions of documents that were replaced or deleted, and waits for the parts that mutations have replaced. */
export const purge = async ({ connection, tables }: ReadContext): Promise<readonly string[]> => {
  for (const table of [tables.document, tables.description, tables.attachment]) {
    await connection.run(`OPTIMIZE TABLE ${table} FINAL`)
  }
  // The keys of documents name Agents.
  await connection.run(`ALTER TABLE ${tables.document} DELETE WHERE deleted = 1`)
  return [
    'ClickHouse: the parts that were written anew stay on the disk for some minutes (old_parts_lifetime), and backups and ' +
      'detached parts have the old rows'
  ]
}
