import type {
  DocumentContent,
  DocumentKey,
  DocumentScope,
  DocumentStore,
  StoredDocument
} from '../../contracts/document-store.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import type { KeyedDocument } from '../../contracts/store-copy.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { inTurns } from '../../storage/batching/group-commit.ts'
import { createBatchQueue } from '../../storage/batching/queue.ts'
import { etagInSteps } from '../../storage/etag-in-steps.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { Appender } from './appender.ts'
import {
  columnsOf,
  contentColumns,
  type DocumentRow,
  isAnyRegistration,
  isWithin,
  keyColumns,
  ownerOf,
  placeOf,
  readDocument,
  readKey,
  rowsOf
} from './document-rows.ts'
import { idLength } from './keys.ts'
import type { ReadContext } from './look-up.ts'
import { createRowWriter } from './row-binary.ts'
import type { Writer } from './writer.ts'

/**
 * The documents of one store. All changes go through one queue. The changes of many concurrent requests are read with one request, made in
 * memory one after the other, and written with one insert. So each change sees the result of the change before it, and a scope is cleared
 * in one step.
 */
export interface Documents extends DocumentStore {
  /** One page in the order of the table. */
  all(after: DocumentKey | undefined, limit: number, options?: CallOptions): Promise<readonly KeyedDocument[]>
  restore(documents: readonly KeyedDocument[], options?: CallOptions): Promise<void>
  close(): Promise<void>
}

/** What one call does in memory to the documents that it has requested. */
type Job = (
  | { readonly keys: readonly DocumentKey[]; readonly scope?: never }
  | { readonly scope: DocumentScope; readonly keys?: never }
) & {
  readonly signal: AbortSignal | undefined
  work(documents: Working): Yielding<StoredDocument | undefined>
}

/** The documents that a group of changes works on. */
interface Working {
  get(key: DocumentKey): StoredDocument | undefined
  set(key: DocumentKey, document: StoredDocument | undefined): void
  within(scope: DocumentScope): readonly DocumentKey[]
}

type Outcome = { readonly document: StoredDocument | undefined } | { readonly error: unknown }

/** An estimate for the queue of how many documents are in memory together. */
const jobWeight = { items: 1, bytes: 2 ** 18 }

export interface DocumentsOptions {
  readonly context: ReadContext
  readonly appender: Appender
  readonly times: IncreasingClock
  readonly writer: Writer
}

function* newDocument({ content, contentType }: DocumentContent, times: IncreasingClock): Yielding<StoredDocument> {
  const etag = yield* etagInSteps(content)
  return { content, contentType, etag, updated: times.next() }
}

/** Reads the documents of one store. */
interface Reader extends Pick<Documents, 'get' | 'ids' | 'all'> {
  /** The documents at these places, by place. */
  read(places: readonly string[]): Promise<Map<string, StoredDocument>>
  keysWithin(scope: DocumentScope): Promise<DocumentKey[]>
}

const createReader = ({ connection, tables, store }: ReadContext): Reader => {
  const read = async (places: readonly string[]): Promise<Map<string, StoredDocument>> => {
    const found = new Map<string, StoredDocument>()
    if (places.length === 0) return found
    const wanted = createRowWriter()
    for (const place of places) wanted.fixed(Buffer.from(place, 'hex'))
    const rows = await connection.read(
      `SELECT concat(owner, key), ${contentColumns} FROM (
         SELECT * FROM ${tables.document}
         WHERE store = {store:UInt32} AND (owner, key) IN (SELECT owner, key FROM given)
         ORDER BY version DESC LIMIT 1 BY owner, key
       ) WHERE deleted = 0`,
      { store },
      { given: { columns: 'owner FixedString(16), key FixedString(16)', rows: wanted.finish() } }
    )
    while (rows.more()) found.set(rows.bytes().toString('hex'), readDocument(rows))
    return found
  }

  const scopeConditions = (scope: DocumentScope): string =>
    `store = {store:UInt32} AND owner = toFixedString(unhex({owner:String}), 16)${
      isAnyRegistration(scope) ? '' : ' AND registration = unhex({registration:String})'
    }`
  const scopeParameters = (scope: DocumentScope) => ({
    store,
    owner: ownerOf(scope),
    registration: Buffer.from(columnsOf(scope).registration).toString('hex')
  })

  const keysWithin = async (scope: DocumentScope): Promise<DocumentKey[]> => {
    const rows = await connection.read(
      `SELECT ${keyColumns.split(', ').map((column) => `any(${column})`)} FROM ${tables.document}
       WHERE ${scopeConditions(scope)} GROUP BY owner, key HAVING argMax(deleted, version) = 0`,
      scopeParameters(scope)
    )
    const keys: DocumentKey[] = []
    while (rows.more()) keys.push(readKey(rows))
    return keys
  }

  return {
    read,
    keysWithin,
    get: async (key, options = {}) => {
      const place = placeOf(key)
      const rows = await connection.read(
        `SELECT deleted, ${contentColumns} FROM ${tables.document}
         WHERE store = {store:UInt32} AND owner = toFixedString(unhex({owner:String}), 16)
           AND key = toFixedString(unhex({key:String}), 16)
         ORDER BY version DESC LIMIT 1`,
        { store, owner: place.slice(0, 2 * idLength), key: place.slice(2 * idLength) },
        options
      )
      return rows.more() && rows.u8() === 0 ? readDocument(rows) : undefined
    },
    ids: async (scope, since, options = {}) => {
      const rows = await connection.read(
        `SELECT DISTINCT id FROM (
           SELECT any(id) AS id, argMax(deleted, version) AS gone, argMax(updated, version) AS changed
           FROM ${tables.document} WHERE ${scopeConditions(scope)} GROUP BY owner, key
         ) WHERE gone = 0 AND changed > {since:Int64} ORDER BY id`,
        { ...scopeParameters(scope), since: since ?? -1 },
        options
      )
      const ids: string[] = []
      while (rows.more()) ids.push(rows.text())
      return ids
    },
    all: async (after, limit, options = {}) => {
      const place = after === undefined ? '' : placeOf(after)
      const rows = await connection.read(
        `SELECT ${keyColumns}, ${contentColumns} FROM (
           SELECT * FROM ${tables.document} WHERE store = {store:UInt32} AND concat(owner, key) > unhex({place:String})
           ORDER BY owner, key, version DESC LIMIT 1 BY owner, key
         ) WHERE deleted = 0 ORDER BY owner, key LIMIT {limit:UInt32}`,
        { store, place, limit },
        options
      )
      const page: KeyedDocument[] = []
      while (rows.more()) page.push({ key: readKey(rows), document: readDocument(rows) })
      return page
    }
  }
}

export const createDocuments = ({ context, appender, times, writer }: DocumentsOptions): Documents => {
  const { store } = context
  const reader = createReader(context)

  const runJobs = async (jobs: readonly Job[]): Promise<Outcome[]> => {
    const scopes = jobs.flatMap(({ scope }) => (scope === undefined ? [] : [scope]))
    const [listed, present] = await Promise.all([
      Promise.all(scopes.map(reader.keysWithin)),
      reader.read([...new Set(jobs.flatMap(({ keys = [] }) => keys.map(placeOf)))])
    ])
    const keys = new Map(listed.flat().map((key) => [placeOf(key), key]))
    for (const job of jobs) for (const key of job.keys ?? []) keys.set(placeOf(key), key)
    const changed = new Map<string, DocumentRow>()
    const exists = new Set([...present.keys(), ...listed.flat().map(placeOf)])
    const working: Working = {
      get: (key) => {
        const place = placeOf(key)
        const row = changed.get(place)
        return row === undefined ? present.get(place) : row.document
      },
      set: (key, document) => {
        const place = placeOf(key)
        changed.set(place, { key, document })
        if (document === undefined) exists.delete(place)
        else exists.add(place)
      },
      within: (scope) =>
        [...keys].filter(([place, key]) => exists.has(place) && isWithin(scope, key)).map(([, key]) => key)
    }
    const outcomes: Outcome[] = []
    for (const job of jobs) {
      try {
        job.signal?.throwIfAborted()
        outcomes.push({ document: await inTurns(job.work(working)) })
      } catch (error) {
        outcomes.push({ error })
      }
    }
    if (changed.size > 0) {
      await writer.requireHeld()
      const rows = rowsOf(store, changed, times.next)
      await writer.cover(times.latest())
      await appender.append(rows)
    }
    return outcomes
  }

  const queue = createBatchQueue<Job, Outcome>({ delay: 0, weightOf: () => jobWeight, run: runJobs })

  const run = async (job: Job): Promise<StoredDocument | undefined> => {
    const outcome = await queue.add(job)
    if ('error' in outcome) throw outcome.error
    return outcome.document
  }

  return {
    get: reader.get,
    ids: reader.ids,
    all: reader.all,
    change: (key, change, options = {}) =>
      run({
        keys: [key],
        signal: options.signal,
        work: function* (documents) {
          const present = documents.get(key)
          const next = change(present)
          if (next === present) return present
          const document = next === undefined ? undefined : yield* newDocument(next, times)
          if (document !== undefined || present !== undefined) documents.set(key, document)
          return document
        }
      }),
    clear: async (scope, options = {}) => {
      await run({
        scope,
        signal: options.signal,
        // biome-ignore lint/correctness/useYield: a scope is cleared in one step
        work: function* (documents) {
          for (const key of documents.within(scope)) documents.set(key, undefined)
          return undefined
        }
      })
    },
    restore: async (documents, options = {}) => {
      await run({
        keys: [],
        signal: options.signal,
        work: function* (working) {
          for (const { key, document } of documents) {
            times.passed(document.updated)
            working.set(key, document)
            yield
          }
          return undefined
        }
      })
    },
    close: queue.close
  }
}
