import {
  type AnyBulkWriteOperation,
  BSON,
  type Collection,
  type Document,
  MongoBulkWriteError,
  type ObjectId
} from 'mongodb'
import type { BatchReport, InputRecord, Rejected, WriteOptions } from '../../../contracts/data-backend.ts'
import { sameJson } from '../../../xapi/same-json.ts'
import type { Json } from '../../../xapi/statement.ts'
import { parseMicros } from '../../../xapi/timestamp.ts'
import { bsonSource } from '../bson-source.ts'
import type { KnownDigests } from '../seen-digests.ts'
import { objectIdOf } from '../statement-document.ts'

/** Ralph's document. */
export interface RecordDocument {
  readonly _id: ObjectId
  readonly _source: object
}

interface Planned {
  readonly record: InputRecord
  readonly id: string
  readonly document: RecordDocument
}

/** A text of fewer characters makes no document that is too large. */
const harmless = 4_000_000
const maxSize = 16 * 2 ** 20

const duplicateKey = 11_000

const plan = (record: InputRecord): Planned | string => {
  const { id, timestamp } = record.value
  if (typeof id !== 'string' || id === '') return 'has no id, which a document of Ralph in MongoDB is known by'
  if (timestamp === undefined) return 'has no timestamp, which a document of Ralph in MongoDB is ordered by'
  const time = typeof timestamp === 'string' ? parseMicros(timestamp) : undefined
  if (time === undefined) return `has a timestamp that is none: ${JSON.stringify(timestamp)}`
  if (bsonSource(record.value) !== record.value) {
    return 'is nested deeper than 100 levels, or has a key that MongoDB cannot hold'
  }
  const document = { _id: objectIdOf(id, time), _source: record.value }
  if (record.text.length > harmless && BSON.calculateObjectSize(document) > maxSize) {
    return 'is larger than a document of MongoDB can be (16 MB)'
  }
  return { record, id, document }
}

// What MongoDB gives back of it is JSON again.
const isSame = (one: unknown, other: unknown): boolean => sameJson(one as Json, other as Json)

const notCreated = (id: string): string => `is not created: another record has the id ${id}`

interface Refused {
  readonly planned: Planned
  readonly code: number
  readonly message: string
}

/** A collection that is written to. */
export interface RecordCollection {
  readonly collection: Collection<RecordDocument>
  readonly digests: KnownDigests
  /** Sees to an index of the ids of records. */
  ensureIndex(): Promise<void>
}

/** A batch into one collection; all of it may be done again. */
export const writeBatch = async (
  { collection, digests, ensureIndex }: RecordCollection,
  batch: readonly InputRecord[],
  { operation, signal }: WriteOptions
): Promise<BatchReport> => {
  const rejected: Rejected[] = []
  let written = 0
  let already = 0

  const reject = (record: InputRecord, reason: string): void => {
    rejected.push({ record, reason })
  }

  /** The documents of these ids: there may be several of one, which Ralph has written with different times. */
  const idsThere = async (ids: readonly string[]): Promise<ReadonlyMap<string, readonly ObjectId[]>> => {
    if (ids.length === 0) return new Map()
    await ensureIndex()
    const found = await collection
      .find<Document>({ '_source.id': { $in: [...ids] } }, { projection: { '_source.id': 1 } })
      .toArray()
    signal?.throwIfAborted()
    const there = new Map<string, ObjectId[]>()
    for (const { _id, _source } of found) {
      const some = there.get(_source.id)
      if (some === undefined) there.set(_source.id, [_id])
      else some.push(_id)
    }
    return there
  }

  const sourcesOf = async (filter: Document): Promise<ReadonlyMap<unknown, readonly object[]>> => {
    const found = await collection.find<Document>(filter, { projection: { _source: 1 } }).toArray()
    signal?.throwIfAborted()
    const byId = new Map<unknown, object[]>()
    for (const { _source } of found) {
      const some = byId.get(_source?.id)
      if (some === undefined) byId.set(_source?.id, [_source])
      else some.push(_source)
    }
    return byId
  }

  /** Judges those whose ids are there, and returns the others. */
  const compare = async (planned: readonly Planned[], filter: Document): Promise<Planned[]> => {
    if (planned.length === 0) return []
    const there = await sourcesOf(filter)
    const others: Planned[] = []
    for (const each of planned) {
      const sources = there.get(each.id)
      if (sources === undefined) others.push(each)
      else if (sources.some((source) => isSame(source, each.record.value))) already += 1
      else reject(each.record, notCreated(each.id))
    }
    return others
  }

  const byKey = (planned: readonly Planned[]): Document => ({
    _id: { $in: planned.map(({ document }) => document._id) }
  })
  const byRecordId = async (planned: readonly Planned[]): Promise<Document> => {
    if (planned.length > 0) await ensureIndex()
    return { '_source.id': { $in: planned.map(({ id }) => id) } }
  }

  const insert = async (planned: readonly Planned[]): Promise<readonly Refused[]> => {
    if (planned.length === 0) return []
    // Before: what becomes of an insert is not always known.
    for (const { document } of planned) digests.add(document._id)
    try {
      await collection.insertMany(
        planned.map(({ document }) => document),
        { ordered: false }
      )
      written += planned.length
      return []
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined) throw error
      const errors = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors]
      const refused = errors.flatMap(({ index, code, errmsg = '' }) => {
        const one = planned[index]
        return one === undefined ? [] : [{ planned: one, code, message: errmsg }]
      })
      if (refused.length === 0) throw error
      written += planned.length - refused.length
      return refused
    }
  }

  /** Those that collide with what is there, and where that is. */
  const insertOrCollide = async (planned: readonly Planned[]): Promise<[readonly Planned[], Document]> => {
    const collided: Planned[] = []
    for (const { planned: one, code, message } of await insert(planned)) {
      if (code === duplicateKey) collided.push(one)
      else reject(one.record, `is refused by MongoDB: ${message}`)
    }
    return [collided, byKey(collided)]
  }

  const create = async (planned: readonly Planned[]): Promise<void> => {
    const first = new Map<string, Planned>()
    for (const each of planned) {
      const before = first.get(each.id)
      if (before === undefined) first.set(each.id, each)
      else if (isSame(before.record.value, each.record.value)) already += 1
      else reject(each.record, notCreated(each.id))
    }
    const all = [...first.values()]
    const known = all.filter(({ document }) => digests.mayHave(document._id))
    // Nearly always they were written with the same time, and are found by their key.
    const elsewhere = await compare(known, byKey(known))
    const unknown = await compare(elsewhere, await byRecordId(elsewhere))
    const asked = new Set(known)
    const fresh = [...all.filter((each) => !asked.has(each)), ...unknown]
    // Somebody else has just written them.
    const collided = await compare(...(await insertOrCollide(fresh)))
    for (const { record, id } of collided) reject(record, `is not created: another record has the key of ${id}`)
  }

  const replace = async (planned: readonly Planned[], makes: boolean): Promise<void> => {
    // The last of them counts.
    const wanted = new Map(planned.map((each) => [each.id, each]))
    const known = [...wanted.values()].filter(({ document }) => !makes || digests.mayHave(document._id))
    const there = await idsThere(known.map(({ id }) => id))
    const fresh = makes ? [...wanted.values()].filter(({ id }) => !there.has(id)) : []
    const [collided] = await insertOrCollide(fresh)
    const operations: AnyBulkWriteOperation<RecordDocument>[] = []
    for (const { id, document } of [...known.filter((each) => there.has(each.id)), ...collided]) {
      const [present = document._id, ...others] = there.get(id) ?? []
      operations.push({ replaceOne: { filter: { _id: present }, replacement: { _source: document._source } } })
      if (others.length > 0) operations.push({ deleteMany: { filter: { _id: { $in: others } } } })
    }
    if (operations.length > 0) await collection.bulkWrite(operations, { ordered: false })
    const refused = new Set(rejected.map(({ record }) => record))
    written = 0
    for (const { record, id } of planned) {
      if (!makes && !there.has(id)) reject(record, `is not updated: no record has the id ${id}`)
      else if (!refused.has(record)) written += 1
    }
  }

  const remove = async (): Promise<void> => {
    const ids: string[] = []
    for (const record of batch) {
      if (typeof record.value.id === 'string') ids.push(record.value.id)
      else reject(record, 'has no id')
    }
    const there = await idsThere(ids)
    const all = [...there.values()].flat()
    if (all.length > 0) await collection.deleteMany({ _id: { $in: all } })
    written = there.size
    already = ids.length - there.size
  }

  if (operation === 'delete') await remove()
  else {
    const planned: Planned[] = []
    for (const record of batch) {
      const each = plan(record)
      if (typeof each === 'string') reject(record, each)
      else planned.push(each)
    }
    if (operation === 'create') await create(planned)
    else await replace(planned, operation === 'index')
  }
  return { written, already, rejected }
}
