import {
  type AnyBulkWriteOperation,
  BSON,
  type Collection,
  type Document,
  MongoBulkWriteError,
  type ObjectId
} from 'mongodb'
import type { InputRecord } from '../../../contracts/data-backend.ts'
import type { KeyedRecord, NotWritten, RecordContainer } from '../../../records/reconcile.ts'
import { parseMicros } from '../../../xapi/timestamp.ts'
import { bsonSource } from '../bson-source.ts'
import type { SeenObjectIds } from '../seen-object-ids.ts'
import { objectIdOf } from '../statement-document.ts'

/** A document in the form of Python Ralph. */
export interface RecordDocument {
  readonly _id: ObjectId
  readonly _source: object
}

interface DocumentedRecord extends KeyedRecord {
  readonly id: string
  readonly document: RecordDocument
}

type Refused = ReadonlyMap<DocumentedRecord, NotWritten>

/** A text with fewer characters never makes a document that is too large. */
const harmless = 4_000_000
const maxSize = 16 * 2 ** 20

const duplicateKey = 11_000

const documentOf = (record: InputRecord): DocumentedRecord | string => {
  const { id, timestamp } = record.value
  if (typeof id !== 'string' || id === '') return 'has no id, but Ralph finds a document in MongoDB by it'
  if (timestamp === undefined) return 'has no timestamp, but Ralph sorts the documents in MongoDB by it'
  const time = typeof timestamp === 'string' ? parseMicros(timestamp) : undefined
  if (time === undefined) return `has an invalid timestamp: ${JSON.stringify(timestamp)}`
  if (bsonSource(record.value) !== record.value) {
    return 'is nested deeper than 100 levels, or has a key that MongoDB cannot hold'
  }
  const document = { _id: objectIdOf(id, time), _source: record.value }
  if (record.text.length > harmless && BSON.calculateObjectSize(document) > maxSize) {
    return 'is larger than a document of MongoDB can be (16 MB)'
  }
  return { record, id, document }
}

const idOf = (record: InputRecord): KeyedRecord | string =>
  typeof record.value.id === 'string' ? { record, id: record.value.id } : 'has no id'

/** A collection of records that is written to. */
export interface RecordCollection {
  readonly collection: Collection<RecordDocument>
  readonly digests: SeenObjectIds
  /** Creates the index of the ids of records if it is missing. */
  ensureIndex(): Promise<void>
}

const byRecordId = (documents: readonly RecordDocument[]): ReadonlyMap<string, readonly RecordDocument[]> => {
  const found = new Map<string, RecordDocument[]>()
  for (const document of documents) {
    // A document may have no id, or one that is not text. Nobody asks for these.
    const id = String((document._source as { readonly id?: unknown } | undefined)?.id)
    const some = found.get(id)
    if (some === undefined) found.set(id, [document])
    else some.push(document)
  }
  return found
}

const noDocuments: ReadonlyMap<string, readonly RecordDocument[]> = new Map()

/**
 * A collection of documents in the form of Python Ralph. Several may have the same record id: Python Ralph wrote them with different times.
 */
export const recordContainer = (
  { collection, digests, ensureIndex }: RecordCollection,
  signal: AbortSignal | undefined
): RecordContainer<DocumentedRecord> => {
  const find = async (
    filter: Document,
    projection: Document
  ): Promise<ReadonlyMap<string, readonly RecordDocument[]>> => {
    const found = await collection.find<Document>(filter, { projection }).toArray()
    signal?.throwIfAborted()
    return byRecordId(found as RecordDocument[])
  }

  const findByKey = (records: readonly DocumentedRecord[]) =>
    find({ _id: { $in: records.map(({ document }) => document._id) } }, { _source: 1 })

  const findById = async (records: readonly KeyedRecord[], projection: Document) => {
    if (records.length === 0) return noDocuments
    await ensureIndex()
    return find({ '_source.id': { $in: records.map(({ id }) => id) } }, projection)
  }

  /** Inserts records and returns those that collide with existing documents. */
  const insert = async (records: readonly DocumentedRecord[], refused: Map<DocumentedRecord, NotWritten>) => {
    const collided: DocumentedRecord[] = []
    if (records.length === 0) return collided
    // The digests are added before the insert, because the result of an insert is not always known.
    for (const { document } of records) digests.add(document._id)
    try {
      await collection.insertMany(
        records.map(({ document }) => document),
        { ordered: false }
      )
    } catch (error) {
      if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError() !== undefined) throw error
      const errors = [error.writeErrors].flat()
      if (errors.length === 0) throw error
      for (const { index, code, errmsg } of errors) {
        // These indices are those of `documents`.
        const record = records[index] as DocumentedRecord
        if (code === duplicateKey) collided.push(record)
        else refused.set(record, { reason: `is refused by MongoDB: ${errmsg}` })
      }
    }
    return collided
  }

  const create = async (records: readonly DocumentedRecord[]): Promise<Refused> => {
    const refused = new Map<DocumentedRecord, NotWritten>()
    /** Notes the records that exist, and returns the others. */
    const missing = (
      some: readonly DocumentedRecord[],
      present: Awaited<ReturnType<typeof find>>
    ): DocumentedRecord[] =>
      some.filter((each) => {
        const there = present.get(each.id)
        if (there !== undefined) refused.set(each, { there: there.map(({ _source }) => _source) })
        return there === undefined
      })
    const known = records.filter(({ document }) => digests.mayHave(document._id))
    // Nearly always the existing document has the same time, so it is found by its key.
    const elsewhere = known.length === 0 ? [] : missing(known, await findByKey(known))
    const unknown = missing(elsewhere, await findById(elsewhere, { _source: 1 }))
    const asked = new Set(known)
    const fresh = [...records.filter((each) => !asked.has(each)), ...unknown]
    const collided = await insert(fresh, refused)
    // Another client has just written these.
    const foreign = collided.length === 0 ? [] : missing(collided, await findByKey(collided))
    for (const each of foreign) {
      refused.set(each, { reason: `is not created: another record has the key of ${each.id}` })
    }
    return refused
  }

  const replace = async (records: readonly DocumentedRecord[], orMake: boolean): Promise<Refused> => {
    const refused = new Map<DocumentedRecord, NotWritten>()
    const known = orMake ? records.filter(({ document }) => digests.mayHave(document._id)) : records
    const present = await findById(known, { '_source.id': 1 })
    const missing = records.filter(({ id }) => !present.has(id))
    const collided = orMake ? await insert(missing, refused) : []
    if (!orMake) for (const each of missing) refused.set(each, 'missing')
    const operations: AnyBulkWriteOperation<RecordDocument>[] = []
    for (const { id, document } of [...known.filter((each) => present.has(each.id)), ...collided]) {
      const [first = document._id, ...others] = (present.get(id) ?? []).map(({ _id }) => _id)
      operations.push({ replaceOne: { filter: { _id: first }, replacement: { _source: document._source } } })
      if (others.length > 0) operations.push({ deleteMany: { filter: { _id: { $in: others } } } })
    }
    if (operations.length > 0) await collection.bulkWrite(operations, { ordered: false })
    return refused
  }

  const remove = async (records: readonly KeyedRecord[]): Promise<ReadonlyMap<KeyedRecord, NotWritten>> => {
    const present = await findById(records, { '_source.id': 1 })
    const keys = [...present.values()].flat().map(({ _id }) => _id)
    if (keys.length > 0) await collection.deleteMany({ _id: { $in: keys } })
    return new Map(records.filter(({ id = '' }) => !present.has(id)).map((each) => [each, 'missing' as const]))
  }

  return { keyOf: documentOf, create, replace, removal: { keyOf: idOf, remove } }
}
