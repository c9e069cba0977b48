import {
  type AnyBulkWriteOperation,
  BSON,
  type Collection,
  type Document,
  MongoBulkWriteError,
  type ObjectId
} from 'mongodb'
import type { BatchReport, InputRecord, Rejected, WriteOptions } from '../../contracts/data-backend.ts'
import { sameJson } from '../../xapi/same-json.ts'
import type { Json } from '../../xapi/statement.ts'
import { parseMicros } from '../../xapi/timestamp.ts'
import { bsonSource } from './bson-source.ts'
import { objectIdOf } from './statement-document.ts'

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

interface Refused {
  readonly planned: Planned
  readonly code: number
  readonly message: string
}

/** A batch into one collection; all of it may be done again. */
export const writeBatch = async (
  collection: Collection<RecordDocument>,
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

  const compare = async (planned: readonly Planned[], filter: Document): Promise<void> => {
    if (planned.length === 0) return
    const found = await collection.find<Document>(filter, { projection: { _source: 1 } }).toArray()
    const byId = new Map<string, object[]>()
    for (const { _source } of found) {
      const some = byId.get(_source?.id)
      if (some === undefined) byId.set(_source?.id, [_source])
      else some.push(_source)
    }
    for (const { record, id } of planned) {
      if (byId.get(id)?.some((each) => isSame(each, record.value))) already += 1
      else reject(record, `is not created: another record has the id ${id}`)
    }
  }

  const insert = async (planned: readonly Planned[]): Promise<readonly Refused[]> => {
    if (planned.length === 0) return []
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

  const create = async (planned: readonly Planned[]): Promise<void> => {
    const first = new Map<string, Planned>()
    for (const each of planned) {
      const before = first.get(each.id)
      if (before === undefined) first.set(each.id, each)
      else if (isSame(before.record.value, each.record.value)) already += 1
      else reject(each.record, `is not created: another record has the id ${each.id}`)
    }
    const there = await idsThere([...first.keys()])
    const present = [...first.values()].filter(({ id }) => there.has(id))
    await compare(present, { '_source.id': { $in: present.map(({ id }) => id) } })
    const collided: Planned[] = []
    for (const { planned: one, code, message } of await insert(
      [...first.values()].filter(({ id }) => !there.has(id))
    )) {
      if (code === duplicateKey) collided.push(one)
      else reject(one.record, `is refused by MongoDB: ${message}`)
    }
    // Somebody else has just written them, or they are of another record whose time and digest are the same.
    await compare(collided, { _id: { $in: collided.map(({ document }) => document._id) } })
  }

  const replace = async (planned: readonly Planned[], makes: boolean): Promise<void> => {
    // The last of them counts.
    const wanted = new Map(planned.map((each) => [each.id, each]))
    const there = await idsThere([...wanted.keys()])
    const operations: AnyBulkWriteOperation<RecordDocument>[] = []
    for (const { id, document } of wanted.values()) {
      const [present, ...others] = there.get(id) ?? []
      if (present === undefined && !makes) continue
      operations.push({
        replaceOne: {
          filter: { _id: present ?? document._id },
          replacement: { _source: document._source },
          upsert: makes
        }
      })
      if (others.length > 0) operations.push({ deleteMany: { filter: { _id: { $in: others } } } })
    }
    if (operations.length > 0) await collection.bulkWrite(operations, { ordered: false })
    for (const { record, id } of planned) {
      if (makes || there.has(id)) written += 1
      else reject(record, `is not updated: no record has the id ${id}`)
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
