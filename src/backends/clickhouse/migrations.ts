import { missingMigrations } from '../../storage/migrations.ts'
import type { Connection } from './connect.ts'
import type { TableNames } from './names.ts'
import { createRowWriter } from './row-binary.ts'

/** Acknowledged data is on the disk: the files of a part, and the directory that contains them. */
const durable = 'fsync_after_insert = 1, fsync_part_directory = 1'

/**
 * Our tables, as the steps that each database goes through from its creation. lrs$migration counts the steps. Never change a step that
 * was released: add another one. All targets share the tables, and `store` tells the targets apart, because ClickHouse works well with
 * few large tables and badly with many small ones. Rows are never updated: a change is a new row.
 *
 * statement    One row per statement, in the order of all statements. `round` is the number of the batch. The rows of a batch are one
 *              block, so they exist together or not at all, and `members` is their number. A batch counts once these rows exist. All
 *              its other rows can be made from them. `keys` are the keys that the statement is found by, with those that it had
 *              inherited when it was stored. `object` is the id that it refers to, or ''.
 * entry        The sorted list of statements for each key (keys.ts): tokens, ids, referrers. Readers must not see rows with a `round`
 *              later than the last complete batch.
 * change       Changes of existing statements: voided, or keys inherited later.
 * description  Merged definitions (`a`) and displays (`v`) by IRI, names (`n`) by identifier. The highest `version` of
 *              (kind, subject, name) counts. The version of a name is the negative of the time when it was first seen.
 * document     By the digests of its owner (kind, agent, activity) and of the rest of its key. The highest `version` counts. `deleted`
 *              documents do not exist.
 * store        The event table of each store, and the `writer` that opened it last. `spare` is the number of rows in the event table
 *              beyond the statements (repeated or unreadable ids). With it, counting rows tells whether another program has written
 *              to the table. The highest `version` counts.
 * writer       One row per server process and sign of life (writer.ts).
 */
const migrations = (tables: TableNames): readonly (readonly string[])[] => [
  [
    `CREATE TABLE IF NOT EXISTS ${tables.statement} (
      store UInt32, stored Int64 CODEC(Delta, LZ4), id FixedString(16),
      round Int64 CODEC(Delta, LZ4), members UInt32, emission_time Int64 CODEC(Delta, LZ4),
      voiding UInt8, object String, size UInt32, keys Array(FixedString(17)), text String CODEC(ZSTD(1))
    ) ENGINE = MergeTree ORDER BY (store, stored, id) SETTINGS index_granularity = 128, ${durable}`,
    `CREATE TABLE IF NOT EXISTS ${tables.entry} (
      store UInt32, key FixedString(17), stored Int64 CODEC(Delta, LZ4), id FixedString(16),
      round Int64 CODEC(Delta, LZ4)
    ) ENGINE = MergeTree ORDER BY (store, key, stored, id) SETTINGS index_granularity = 1024, ${durable}`,
    `CREATE TABLE IF NOT EXISTS ${tables.change} (
      store UInt32, stored Int64, id FixedString(16), round Int64, voided UInt8, keys Array(FixedString(17))
    ) ENGINE = MergeTree ORDER BY (store, stored, id) SETTINGS index_granularity = 1024, ${durable}`,
    `CREATE TABLE IF NOT EXISTS ${tables.description} (
      store UInt32, kind FixedString(1), subject String, name String, version Int64, text String
    ) ENGINE = ReplacingMergeTree(version) ORDER BY (store, kind, subject, name)
      SETTINGS index_granularity = 1024, ${durable}`,
    `CREATE TABLE IF NOT EXISTS ${tables.attachment} (
      store UInt32, sha2 String, size UInt64, content String
    ) ENGINE = ReplacingMergeTree ORDER BY (store, sha2) SETTINGS index_granularity = 128, ${durable}`,
    `CREATE TABLE IF NOT EXISTS ${tables.document} (
      store UInt32, owner FixedString(16), key FixedString(16),
      kind FixedString(1), activity String, agent String, registration String, id String,
      version Int64, deleted UInt8, updated Int64, etag String, content_type String, content String
    ) ENGINE = ReplacingMergeTree(version) ORDER BY (store, owner, key)
      SETTINGS index_granularity = 128, ${durable}`,
    `CREATE TABLE IF NOT EXISTS ${tables.store} (
      number UInt32, event_table String, version Int64, writer String, spare Int64
    ) ENGINE = ReplacingMergeTree(version) ORDER BY number SETTINGS ${durable}`
  ]
]

/** These two tables exist before the first step, because only the one writer may run a step. */
const bootstrap = (tables: TableNames): readonly string[] => [
  `CREATE TABLE IF NOT EXISTS ${tables.migration} (version UInt32)
   ENGINE = ReplacingMergeTree ORDER BY version SETTINGS ${durable}`,
  `CREATE TABLE IF NOT EXISTS ${tables.writer} (
    writer String, name String, machine String, pid UInt32,
    beat SimpleAggregateFunction(max, UInt64), ended SimpleAggregateFunction(max, UInt8),
    through SimpleAggregateFunction(max, Int64), last SimpleAggregateFunction(max, Int64)
  ) ENGINE = AggregatingMergeTree ORDER BY (writer, name, machine, pid) SETTINGS ${durable}`
]

/** Once the tables exist, no right to create tables is needed. */
export const makeFirstTables = async (connection: Connection, tables: TableNames, database: string): Promise<void> => {
  const names = ['lrs$migration', 'lrs$writer']
  const rows = await connection.read(
    `SELECT count() FROM system.tables WHERE database = unhex({database:String})
     AND has(splitByChar(',', {names:String}), name)`,
    { database: Buffer.from(database).toString('hex'), names: names.join(',') }
  )
  if (rows.i64() === names.length) return
  for (const sql of bootstrap(tables)) await connection.run(sql)
}

/** Brings our tables to the current version. The caller must be the only writer. Throws `STORE_CORRUPT` for a database of a newer Ralph. */
export const migrate = async (connection: Connection, tables: TableNames): Promise<void> => {
  const rows = await connection.read(`SELECT max(version) FROM ${tables.migration}`)
  const place = { name: `what is in the tables lrs$… of ClickHouse at ${connection.url}` }
  for (const { version, up } of missingMigrations(migrations(tables), rows.u32(), place)) {
    for (const sql of up) await connection.run(sql)
    const row = createRowWriter()
    row.u32(version)
    await connection.insert(tables.migration, row.finish())
  }
}
