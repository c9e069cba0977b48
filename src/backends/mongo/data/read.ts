import type { Db, Document, FindCursor } from 'mongodb'
import type { ReadOptions } from '../../../contracts/data-backend.ts'
import { RalphError } from '../../../errors.ts'
import { onOneLine } from '../../../json/exact.ts'
import type { Patience } from '../../../network/patience.ts'
import { asking } from './errors.ts'
import { type MongoQuery, parseMongoQuery } from './query.ts'

export interface MongoReader {
  /** Without a limit of time. */
  open(): Promise<Db>
  readonly patience: Patience
  readonly collection: string
}

/** Documents of a batch; MongoDB sends no more than 16 MB. */
const defaultChunkSize = 500

const projectionOf = ({ projection }: MongoQuery, bare: boolean): Document =>
  // The text is beside what an LRS of ours keeps.
  projection ?? (bare ? { _id: 1, _source: 1, 'ralph.text': 1 } : { _id: 1, _source: 1 })

/** What is there of types that JSON lacks becomes text: ids their digits, dates ISO 8601 with their offset. */
const lineOf = (document: Document, bare: boolean): string => {
  if (!bare) return JSON.stringify(document)
  const { _source, ralph } = document
  if (typeof ralph?.text === 'string') return onOneLine(ralph.text)
  return JSON.stringify(_source ?? document)
}

/**
 * Documents as Ralph prints them, `{_id, _source}`. Everything is read in the order of `_id`, which is that of time, and
 * goes on where it was when the connection is lost; what is filtered or sorted otherwise cannot.
 */
export async function* readDocuments(
  { open, patience, collection }: MongoReader,
  text: string | undefined,
  { target, chunkSize = defaultChunkSize, bare = false, signal, onTotal }: ReadOptions
): AsyncGenerator<readonly string[], void, undefined> {
  const query = parseMongoQuery(text)
  const name = target ?? collection
  const canResume = Object.keys(query.filter).length === 0 && query.sort === undefined && query.projection === undefined
  let cursor: FindCursor<Document> | undefined
  let last: unknown
  let left = query.limit ?? Number.POSITIVE_INFINITY
  let isFirst = true

  const count = async (db: Db): Promise<number> =>
    canResume ? db.collection(name).estimatedDocumentCount() : db.collection(name).countDocuments(query.filter)

  const find = async (): Promise<FindCursor<Document>> => {
    const db = await open()
    const filter = last === undefined ? query.filter : { _id: { $gt: last } }
    const sort = canResume ? [['_id', 1] as const] : query.sort
    return db.collection(name).find<Document>(filter, {
      projection: projectionOf(query, bare),
      batchSize: chunkSize,
      ...(sort === undefined ? {} : { sort: new Map(sort), allowDiskUse: true }),
      ...(signal === undefined ? {} : { signal }),
      ...(left === Number.POSITIVE_INFINITY ? {} : { limit: left })
    })
  }

  const fetch = async (): Promise<Document[]> => {
    const reading = cursor ?? (await find())
    cursor = reading
    try {
      return (await reading.hasNext()) ? reading.readBufferedDocuments() : []
    } catch (error) {
      cursor = undefined
      await reading.close().catch(() => {})
      throw error
    }
  }

  const fetchAgain = (): Promise<Document[]> => {
    const once = (): Promise<Document[]> =>
      asking(fetch).catch((error: unknown) => {
        throw signal?.aborted ? signal.reason : error
      })
    return isFirst || canResume ? patience.run(once, signal) : once()
  }

  const requireCollection = async (): Promise<void> => {
    const db = await open()
    const found = await asking(() => db.listCollections({ name }, { nameOnly: true }).toArray())
    if (found.length > 0) return
    throw new RalphError('NOT_FOUND', `the database ${db.databaseName} of MongoDB has no collection ${name}`)
  }

  /** While a batch is worked on the next one is under way. */
  let next = fetchAgain()
  try {
    for (;;) {
      const documents = await next
      signal?.throwIfAborted()
      if (isFirst) {
        if (documents.length === 0) await requireCollection()
        if (onTotal !== undefined)
          onTotal({ records: Math.min(left, await patience.run(() => asking(async () => count(await open())))) })
        isFirst = false
      }
      if (documents.length === 0) return
      left -= documents.length
      last = documents.at(-1)?._id
      const isLast = left <= 0
      if (!isLast) {
        next = fetchAgain()
        // Awaited when the batch was worked on.
        next.catch(() => {})
      }
      yield documents.map((document) => lineOf(document, bare))
      signal?.throwIfAborted()
      if (isLast) return
    }
  } finally {
    await cursor?.close().catch(() => {})
    await next.catch(() => {})
  }
}
