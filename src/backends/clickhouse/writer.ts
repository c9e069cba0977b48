import { randomInt } from 'node:crypto'
import { hostname } from 'node:os'
import { setTimeout } from 'node:timers/promises'
import type { Clock } from '../../contracts/clock.ts'
import { findMachine, isRunning } from '../../durability/this-machine.ts'
import { RalphError } from '../../errors.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { namesOf } from './columns.ts'
import type { Connection } from './connect.ts'
import { isServerError } from './errors.ts'
import { fence } from './fence.ts'
import type { TableNames, WriterTimes } from './names.ts'
import type { Rows } from './row-binary.ts'
import { ends, putWriter, readWriters, type WriterRow } from './writer-rows.ts'

/**
 * The one server process that may use the tables of a database. ClickHouse has no compare-and-set, so one process decides on ids, documents
 * and the order of batches. This keeps a second process out. Every process inserts a row into the table of writers and then reads all rows.
 * A process that sees no other living writer is the writer. Two processes that start at the same time see each other. Then both step back
 * and try again. Later rows are signs of life. A writer is dead when no row came for the time to live, measured here, or when its process
 * does not run any more on this machine.
 */
export interface Writer {
  readonly id: string
  /** Every time that earlier writers gave out or promised is at or before this one. */
  readonly through: Micros
  /** Whether the writer with this id ended in an orderly way, with all batches complete. */
  endedWell(id: string): boolean
  /** Grows when the engine was restarted. Rows that it had not synced to disk may be lost. */
  engineStarts(): number
  /** Resolves when a successor would know that this time was given out. */
  cover(time: Micros): Promise<void>
  /** Called before each write. Throws `STORE_IN_USE` when another process took over, and `STORE_UNAVAILABLE` when one may have. */
  requireHeld(): Promise<void>
  /** Inserts rows of `columns` into a table. Throws `STORE_IN_USE` when ClickHouse refuses them because another process has taken over. */
  insert(table: string, columns: string, rows: Rows): Promise<void>
  /** Undefined: this is the writer. Otherwise the message for the operator. */
  trouble(): string | undefined
  /**
   * Releases the database after all writing has ended. `last` is the latest time that was given out. `well`: every batch is complete, so
   * the next writer need not check.
   */
  release(last: Micros, well: boolean): Promise<void>
}

/** Each sign of life is an insert, which makes a part on the disk of ClickHouse. So there are no more of them than necessary. */
export const defaultTimes: WriterTimes = { beat: 1000, timeToLive: 3000 }

/** Microseconds for which one sign of life covers promises in advance. */
const coverAhead = 10_000_000

/** VIOLATED_CONSTRAINT */
const violatedConstraint = 469

/** Writers in this process. */
const here = new Set<string>()

const isGone = (row: WriterRow, machine: string): boolean =>
  machine !== '' && row.machine === machine && (row.pid === process.pid ? !here.has(row.writer) : !isRunning(row.pid))

const nameOf = ({ name, pid }: WriterRow): string => `process ${pid} on ${name}`

const inUse = (other: WriterRow | undefined, database: string): RalphError => {
  const who = other === undefined ? 'another server' : `another server (${nameOf(other)})`
  return new RalphError(
    'STORE_IN_USE',
    `${who} uses the database ${database} of ClickHouse, which cannot coordinate several writers: a database ` +
      'serves one server at a time. Stop the other one, or give this one another database ' +
      '(RALPH_BACKENDS__LRS__CLICKHOUSE__DATABASE)',
    other === undefined ? { database } : { database, host: other.name, pid: other.pid }
  )
}

const lost = 'another server has taken over the database, because this one gave no sign of life in time: restart it'

export interface WriterOptions {
  readonly connection: Connection
  readonly tables: TableNames
  readonly database: string
  readonly clock: Clock
  readonly times: WriterTimes
  warn(message: string): void
}

/** Finds out whether another writer lives, and marks the dead ones. Throws `STORE_IN_USE`. */
const requireAlone = async ({ connection, tables, database, times, warn }: WriterOptions): Promise<void> => {
  const machine = findMachine()
  const living = async (): Promise<WriterRow[]> =>
    (await readWriters(connection, tables)).filter(({ ended }) => ended === ends.alive)

  const markDead = (dead: WriterRow): Promise<void> => putWriter(connection, tables, { ...dead, ended: ends.takenOver })

  const start = performance.now()
  let told = false
  let seen: ReadonlyMap<string, number> | undefined
  for (;;) {
    const rows = await living()
    const before = seen ?? new Map(rows.map(({ writer, beat }) => [writer, beat]))
    seen = before
    let waiting: WriterRow | undefined
    for (const row of rows) {
      if (isGone(row, machine)) await markDead(row)
      else if (before.get(row.writer) !== row.beat) throw inUse(row, database)
      else if (performance.now() - start >= times.timeToLive) await markDead(row)
      else waiting = row
    }
    if (waiting === undefined) return
    if (!told && performance.now() - start > 1.5 * times.beat) {
      told = true
      warn(
        `ClickHouse: waiting ${times.timeToLive / 1000} s for a sign of life of ${nameOf(waiting)}, which was not stopped`
      )
    }
    await setTimeout(Math.min(100, times.beat / 4))
  }
}

/** The row of this process in the table of writers. */
const createOwnRow = (options: WriterOptions) => {
  const { connection, tables, database } = options
  const self = { name: hostname(), machine: findMachine(), pid: process.pid }
  let id = ''
  let beat = 0
  /** The time of the latest row that was written. */
  let written: Micros = 0

  const put = async (until: Micros, ended: number, last: Micros): Promise<Micros> => {
    written = Math.max(written, until)
    beat += 1
    await putWriter(connection, tables, { ...self, writer: id, beat, ended, through: written, last })
    return written
  }

  /** The row of the end comes first. A writer that neither lives nor has ended is dead, and its queries are stopped. */
  const stepDown = async (last: Micros, end: number): Promise<void> => {
    try {
      await put(last, end, last)
    } finally {
      here.delete(id)
    }
  }

  const compete = async (): Promise<WriterRow[]> => {
    for (let attempt = 1; attempt <= 5; attempt += 1) {
      await requireAlone(options)
      // An attempt that stepped back has ended. The next attempt is another writer.
      id = `${connection.queryPrefix}~${attempt}`
      here.add(id)
      await put(0, ends.alive, 0)
      const rows = await readWriters(connection, tables)
      const rival = rows.find(({ writer, ended }) => ended === ends.alive && writer !== id)
      if (rival === undefined) return rows
      await stepDown(0, ends.byItself)
      await setTimeout(randomInt(20, 200 * attempt))
    }
    throw inUse(undefined, database)
  }

  return { writer: () => id, put, stepDown, compete }
}

/** Becomes the writer. Throws `STORE_IN_USE` when another one lives. */
export const becomeWriter = async (options: WriterOptions): Promise<Writer> => {
  const { connection, tables, clock, times } = options
  const own = createOwnRow(options)
  const rows = await own.compete()
  const id = own.writer()
  const ended = new Map(rows.map((row) => [row.writer, row.ended]))
  /** When the last successful sign of life began, by the monotonic clock. */
  let renewed = performance.now()
  /** The time of the latest row after which this process was still the writer. */
  let through: Micros = 0
  let isLost = false
  let engineStarts = 0
  let upSince = 0

  const renew = async (until: Micros): Promise<void> => {
    const start = performance.now()
    const next = await own.put(until, ends.alive, 0)
    const answer = await connection.read(
      `SELECT max(ended), uptime() FROM ${tables.writer} WHERE writer = {writer:String}`,
      { writer: id }
    )
    if (answer.u8() === ends.takenOver) {
      isLost = true
      throw new RalphError('STORE_IN_USE', lost)
    }
    const up = performance.now() / 1000 - answer.u32()
    // Whole seconds, and the time that the answer took.
    if (up > upSince + 3) {
      if (upSince !== 0) engineStarts += 1
      upSince = up
    }
    renewed = start
    through = next
  }

  let renewing: Promise<void> | undefined
  const renewOnce = async (until = clock()): Promise<void> => {
    renewing ??= renew(until + coverAhead).finally(() => {
      renewing = undefined
    })
    await renewing
  }

  await renewOnce()
  await fence(options, rows)
  const timer = setInterval(() => {
    // A writer finds out by itself that its time is over.
    renewOnce().catch(() => {})
  }, times.beat)
  timer.unref()

  return {
    id,
    through: Math.max(0, ...rows.map((row) => (row.ended === ends.byItself ? row.last : row.through))),
    endedWell: (writer) => ended.get(writer) === ends.byItself,
    engineStarts: () => engineStarts,
    cover: async (time) => {
      while (time > through) await renewOnce(Math.max(time, clock()))
    },
    requireHeld: async () => {
      if (!isLost && performance.now() - renewed > times.timeToLive / 2) await renewOnce()
      if (isLost) throw new RalphError('STORE_IN_USE', lost)
    },
    insert: async (table, columns, rows) => {
      try {
        await connection.insert(`${table} (${namesOf(columns)})`, rows)
      } catch (error) {
        if (!(error instanceof RalphError) || !isServerError(error.cause, violatedConstraint)) throw error
        isLost = true
        throw new RalphError('STORE_IN_USE', lost, {}, { cause: error })
      }
    },
    trouble: () => (isLost ? lost : undefined),
    release: async (last, well) => {
      clearInterval(timer)
      await renewing?.catch(() => {})
      if (isLost) here.delete(id)
      else await own.stepDown(last, well ? ends.byItself : ends.takenOver)
    }
  }
}
