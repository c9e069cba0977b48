import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { RalphError } from '../../errors.ts'
import { isUndone, sqlStates } from '../../network/sql-states.ts'
import type { BatchEngine, WriteSession } from '../../storage/batching/engine.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Database } from './connect.ts'
import { describe } from './descriptions.ts'
import { lookUp } from './look-up.ts'
import { begin, commit, prepare, type Query, rollback } from './query-text.ts'
import type { Session } from './session.ts'
import { writesOf } from './write.ts'

/**
 * The holder of this lock is the only writer of the target among all processes. The lock ends with the transaction, or with its connection.
 */
const lockTarget = prepare<ProgressRow>(
  'lock_target',
  'SELECT last, writer, xmin::text FROM target WHERE number = $1 FOR UPDATE'
)

/** `version` changes with each batch, of any process. */
type ProgressRow = readonly [last: Micros, writer: string | null, version: string]

/** Whether a transaction that has changed nothing may begin again. */
const mayBeginAgain = (error: unknown): boolean => {
  if (!(error instanceof RalphError) || error.code !== 'STORE_UNAVAILABLE') return false
  const { state } = error.details
  // Without SQLSTATE: the connection was lost.
  return state === undefined || state === sqlStates.adminShutdown || isUndone(state)
}

const wasUndone = (error: unknown): boolean => error instanceof RalphError && isUndone(error.details.state)

const attempts = 3

function* committed(writes: Iterable<Query<never>>): Generator<Query<never>> {
  yield* writes
  yield commit
}

export const createEngine = (database: Database, target: number): BatchEngine => {
  /** The name of this process as a writer. It changes after a failure, because the failed batch may have been written. */
  let writer: string = randomUUID()

  /** Begins a transaction that holds the lock. It is repeated once if the connection turns out to be dead. */
  const start = async (): Promise<{ readonly session: Session; readonly row: ProgressRow }> => {
    for (let attempt = 1; ; attempt += 1) {
      const session = await database.session()
      try {
        const [, [row]] = await session.run<[never, ProgressRow]>(begin, lockTarget(target))
        if (row === undefined) throw new RalphError('STORE_CORRUPT', 'the target was removed from the database')
        return { session, row }
      } catch (error) {
        session.release(false)
        if (attempt === attempts || !mayBeginAgain(error)) throw error
      }
    }
  }

  return {
    begin: async () => {
      const { session: first, row } = await start()
      const [last, lastWriter, version] = row
      /** Undefined: its transaction has ended. */
      let session: Session | undefined = first

      const run = async (queries: Iterable<Query<never>>): Promise<void> => {
        if (session === undefined) throw new RalphError('INTERNAL', 'the write session is over')
        await session.send(queries)
      }
      const ask = async <Row extends readonly unknown[]>(query: Query<Row>): Promise<readonly Row[]> => {
        if (session === undefined) throw new RalphError('INTERNAL', 'the write session is over')
        return (await session.run<[Row]>(query))[0]
      }
      const leave = (isReusable: boolean): void => {
        session?.release(isReusable)
        session = undefined
      }
      /** For a session without a write, and for a failed one. */
      const undo = async (): Promise<void> => {
        const isOver = await session?.run(rollback).then(
          () => true,
          () => false
        )
        leave(isOver === true)
      }

      /** Repeats the whole write, if no other writer came in between. Then the plan is still valid. */
      const writeAgain = async (queries: () => Iterable<Query<never>>, failure: unknown): Promise<void> => {
        for (let attempt = 1; ; attempt += 1) {
          leave(false)
          // The transaction in whose favor it was undone should come first.
          await setTimeout(10 * attempt)
          const again = await start()
          session = again.session
          if (again.row[2] !== version) throw failure
          try {
            return await run(queries())
          } catch (error) {
            if (attempt === attempts || !wasUndone(error)) throw error
          }
        }
      }

      const writeSession: WriteSession = {
        last,
        undisturbed: lastWriter === writer,
        unfinished: [],
        lookUp: (ids) => lookUp(ask, target, ids),
        describe: (iris) => describe(ask, target, iris),
        write: async (batch) => {
          const queries = () => committed(writesOf(target, writer, batch))
          try {
            await run(queries()).catch((error: unknown) => {
              if (!wasUndone(error)) throw error
              return writeAgain(queries, error)
            })
            leave(true)
          } catch (error) {
            writer = randomUUID()
            throw error
          }
        },
        end: undo
      }
      return writeSession
    }
  }
}
