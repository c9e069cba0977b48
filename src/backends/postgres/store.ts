import type { Clock } from '../../contracts/clock.ts'
import { createBatchedWriter } from '../../storage/batching/batched-writer.ts'
import type { EngineStore } from '../../storage/follow.ts'
import { createGuard, guardStore } from '../../storage/guard.ts'
import { notThere } from '../../storage/not-there.ts'
import { createPageCache } from '../../storage/page-cache.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { textPageOf } from '../../xapi/text-page.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { createAttachments } from './attachments.ts'
import type { Database } from './connect.ts'
import { createCopy } from './copy.ts'
import { agentNames, describe } from './descriptions.ts'
import { createDocuments } from './documents.ts'
import { createEngine } from './engine.ts'
import { isNormalId } from './keys.ts'
import { findAll, pageFrom } from './page.ts'
import { createQueries } from './query.ts'
import { prepare } from './query-text.ts'
import { purge } from './removal.ts'

/** The store of one target. */
export interface PostgresStore extends EngineStore {
  /** Finishes accepted requests. The connections stay open, because other targets share them. */
  close(): Promise<void>
}

export interface StoreOptions {
  readonly clock: Clock
  /** Milliseconds. */
  readonly writeDelay: number
  /** The number of entries that make a list long. Undefined: the default. */
  readonly longList: number | undefined
}

const findTarget = prepare<[number: number]>('find_target', 'SELECT number FROM target WHERE name = $1')
const makeTarget = prepare('make_target', 'INSERT INTO target (name) VALUES ($1) ON CONFLICT (name) DO NOTHING')

const hasTargets = prepare<[boolean]>('has_targets', "SELECT to_regclass(format('%I.target', $1::text)) IS NOT NULL")

/** Throws `NOT_FOUND` when the schema or the target does not exist. Undefined: any target. */
export const requireThere = async (database: Database, target: string | undefined): Promise<void> => {
  const { schema } = database.place
  const [row] = await database.read(hasTargets(schema))
  if (!row?.[0]) throw notThere(`A store in the schema "${schema}" of PostgreSQL`)
  if (target === undefined || (await database.read(findTarget(target))).length > 0) return
  throw notThere(`The target ${JSON.stringify(target)} in the schema "${schema}" of PostgreSQL`)
}

/** The number of a target in every key. The number is created when it is first needed. */
export const numberOfTarget = async (database: Database, name: string): Promise<number> => {
  for (;;) {
    const [row] = await database.read(findTarget(name))
    if (row !== undefined) return row[0]
    // Another server may create it now. Then both find it.
    await database.write(makeTarget(name))
  }
}

/** Every writer of a target updates the row of the target. So the latest transaction of this row identifies the state. */
const revisionOf = prepare<[transaction: string]>('revision', 'SELECT xmin::text FROM target WHERE number = $1')

const findStatement = prepare<[stored: Micros, text: string]>(
  'find_statement',
  'SELECT stored, text FROM statement WHERE target = $1 AND id = $2 AND voided = $3'
)

export const createStore = (
  database: Database,
  target: number,
  { clock, writeDelay, longList }: StoreOptions
): PostgresStore => {
  const writer = createBatchedWriter({ engine: createEngine(database, target), clock, delay: writeDelay })
  const documents = createDocuments(database, target, clock)
  const pages = createPageCache()
  const { query } = createQueries(database, target, longList)
  const guard = createGuard()
  const store: EngineStore = {
    statements: {
      insert: writer.insert,
      consistentThrough: writer.consistentThrough,
      find: async (id: StatementId, { voided }, options) => {
        if (!isNormalId(id)) return undefined
        const [row] = await database.read(findStatement(target, id, voided), options)
        return row && { id, stored: row[0], text: row[1] }
      },
      findAll: async (ids, options) => pageFrom(await database.read(findAll(target, ids), options)),
      query,
      queryText: (question, frame, options) =>
        pages.get(question, frame, {
          revision: async () => (await database.read(revisionOf(target), options))[0]?.[0] ?? '',
          read: async () => textPageOf(await query(question, options), frame)
        }),
      describe: (iris, options) => describe((asked) => database.read(asked, options), target, iris),
      agentNames: (identifier, options) => agentNames((asked) => database.read(asked, options), target, identifier)
    },
    attachments: createAttachments(database, target),
    documents,
    copy: createCopy(database, target, writer),
    rewriting: { rewrite: writer.rewrite, purge: () => purge(database) }
  }
  return { ...guardStore(guard, store, { answers: database.answers }), close: () => guard.close(() => writer.close()) }
}
