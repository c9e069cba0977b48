import type { Db, Document, FindCursor } from 'mongodb'
import type { ReadBatch, ReadOptions } from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import { onOneLine } from '../../../json/exact.ts'
import type { Patience } from '../../../network/patience.ts'
import { type RecordPage, readPages } from '../../../records/read-pages.ts'
import { asking } from './errors.ts'
import { type MongoQuery, parseMongoQuery } from './query.ts'

export interface MongoReader {
  /** Opens the database without a time limit. */
  open(): Promise<Db>
  readonly patience: Patience
  readonly collection: string
}

/** Documents of a batch. MongoDB sends at most 16 MB. */
const defaultChunkSize = 500

const projectionOf = ({ projection }: MongoQuery, bare: boolean): Document =>
  // Our LRS keeps the exact text beside the source.
  projection ?? (bare ? { _id: 1, _source: 1, 'ralph.text': 1 } : { _id: 1, _source: 1 })

/** Types that JSON lacks become text: ids become their digits, dates become ISO 8601 with their offset. */
const lineOf = (document: Document, bare: boolean): string => {
  if (!bare) return JSON.stringify(document)
  const { _source, ralph } = document
  if (typeof ralph?.text === 'string') return onOneLine(ralph.text)
  return JSON.stringify(_source ?? document)
}

/** The position of a document in the order of `_id`. It is undefined when the projection leaves `_id` out. */
interface After {
  readonly id: unknown
}

/**
 * Yields documents as Python Ralph prints them: `{_id, _source}`. Without a filter, documents are read in the order of `_id`, which is the
 * order of time. When the connection is lost, such a read continues where it was. A read with another filter or sort order cannot.
 */
export async function* readDocuments(
  { open, patience, collection }: MongoReader,
  text: string | undefined,
  { target, chunkSize = defaultChunkSize, bare = false, signal, onTotal }: ReadOptions
): AsyncGenerator<ReadBatch, void, undefined> {
  const query = parseMongoQuery(text)
  const name = target ?? collection
  const canResume = Object.keys(query.filter).length === 0 && query.sort === undefined && query.projection === undefined
  let cursor: FindCursor<Document> | undefined
  let found = 0

  const count = async (db: Db): Promise<number> =>
    canResume ? db.collection(name).estimatedDocumentCount() : db.collection(name).countDocuments(query.filter)

  const find = async (after: After | undefined, stop: AbortSignal): Promise<FindCursor<Document>> => {
    const db = await open()
    const filter = after === undefined ? query.filter : { _id: { $gt: after.id } }
    const sort = canResume ? [['_id', 1] as const] : query.sort
    return db.collection(name).find<Document>(filter, {
      projection: projectionOf(query, bare),
      batchSize: chunkSize,
      signal: stop,
      ...(sort === undefined ? {} : { sort: new Map(sort), allowDiskUse: true }),
      ...(query.limit === undefined ? {} : { limit: query.limit - found })
    })
  }

  const fetchOnce = async (after: After | undefined, stop: AbortSignal): Promise<Document[]> => {
    const reading = cursor ?? (await find(after, stop))
    cursor = reading
    try {
      return (await reading.hasNext()) ? reading.readBufferedDocuments() : []
    } catch (error) {
      cursor = undefined
      await reading.close().catch(() => {})
      throw error
    }
  }

  const fetchDocuments = (after: After | undefined, stop: AbortSignal): Promise<Document[]> => {
    const once = (): Promise<Document[]> =>
      asking(() => fetchOnce(after, stop)).catch((error: unknown) => {
        throw stop.aborted ? stop.reason : error
      })
    return after === undefined || canResume ? patience.run(once, stop) : once()
  }

  const requireCollection = async (): Promise<void> => {
    const db = await open()
    const found = await asking(() => db.listCollections({ name }, { nameOnly: true }).toArray())
    if (found.length > 0) return
    throw new RalphError('NOT_FOUND', `the database ${db.databaseName} of MongoDB has no collection ${name}`)
  }

  const fetchPage = async (_size: number, after: After | undefined, stop: AbortSignal): Promise<RecordPage<After>> => {
    const documents = await fetchDocuments(after, stop)
    if (after === undefined) {
      if (documents.length === 0) await requireCollection()
      if (onTotal !== undefined) {
        const records = await patience.run(() => asking(async () => count(await open())))
        onTotal({ records: Math.min(query.limit ?? records, records) })
      }
    }
    found += documents.length
    const last = documents.at(-1)
    return { lines: documents.map((document) => lineOf(document, bare)), last: last && { id: last._id } }
  }

  try {
    yield* readPages(fetchPage, { limit: query.limit, most: chunkSize, signal })
  } finally {
    await cursor?.close().catch(() => {})
  }
}
