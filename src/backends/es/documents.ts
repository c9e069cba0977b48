import { randomUUID } from 'node:crypto'
import type { Clock } from '../../contracts/clock.ts'
import type { DocumentKey, DocumentScope, DocumentStore, StoredDocument } from '../../contracts/document-store.ts'
import type { KeyedDocument, StoreCopy } from '../../contracts/store-copy.ts'
import { createIncreasingClock } from '../../durability/increasing-clock.ts'
import { createDocumentStore, type Versioned } from '../../storage/documents.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type BulkAction, bulk } from './bulk.ts'
import { chunkIn, chunksOf } from './chunks.ts'
import type { Connection } from './connect.ts'
import { asStoreError } from './errors.ts'
import { type DocumentVersion, type Got, multiGet, type WantedDocument } from './multi-get.ts'
import type { Refresher } from './refresher.ts'
import type { TargetIndices } from './target-indices.ts'

/** One document. The content of a large one is in separate chunks. They are written before the document and removed after it. */
interface KeptDocument {
  readonly space: string
  /** The terms of all scopes that it belongs to. */
  readonly scopes: readonly string[]
  /** The sort key. */
  readonly key: string
  readonly of: DocumentKey
  readonly type: string
  readonly etag: string
  readonly updated: Micros
  /** Base64. */
  readonly content?: string
  readonly parts?: { readonly version: string; readonly count: number }
}

/** The largest content, in bytes, that is kept in the document itself. */
const largestInside = 2 ** 20

interface Kept {
  readonly kept: KeptDocument
  readonly version: DocumentVersion
}

/** If chunks are missing, the document is being replaced and must be read again. */
const attempts = 10

const pageSize = 5000

interface Hits {
  readonly hits: {
    readonly hits: readonly { readonly _id: string; readonly _source: KeptDocument; readonly sort: readonly [string] }[]
  }
}

export interface Documents extends DocumentStore {
  readonly copy: Pick<StoreCopy, 'documents' | 'restoreDocuments'>
}

/**
 * Reads the content from its chunks, one after the other, so that other requests have their turn in between. Undefined: a chunk is gone.
 */
const readParts = async (
  connection: Connection,
  wanted: readonly WantedDocument[],
  signal: AbortSignal | undefined
): Promise<Buffer | undefined> => {
  let content: Buffer | undefined
  let end = 0
  for (const each of wanted) {
    const [got] = await multiGet(connection, [each], signal)
    if (got?.source === undefined) return undefined
    const { part, size } = chunkIn(got.source)
    content ??= Buffer.allocUnsafe(size)
    end += content.write(part, end, 'base64')
  }
  return content
}

// Only Ralph writes there, so the shape is known.
const keptIn = ({ source, version }: Got): Kept | undefined =>
  source === undefined || version === undefined
    ? undefined
    : { kept: JSON.parse(source.toString()) as KeptDocument, version }

/** Reads and writes whole documents, each with its chunks. */
const createKeptDocuments = ({ connection, kept: index, keys, space }: TargetIndices) => {
  const partsWanted = ({ parts }: KeptDocument) =>
    Array.from({ length: parts?.count ?? 0 }, (_, at) => ({ index, id: keys.part(parts?.version ?? '', at) }))

  /** Undefined: it was replaced meanwhile. */
  const complete = async ({ kept, version }: Kept, signal?: AbortSignal): Promise<Versioned<Kept> | undefined> => {
    const { type: contentType, etag, updated } = kept
    const content =
      kept.content === undefined
        ? await readParts(connection, partsWanted(kept), signal)
        : Buffer.from(kept.content, 'base64')
    return content && { document: { content, contentType, etag, updated }, version: { kept, version } }
  }

  const read = async (key: DocumentKey, signal?: AbortSignal): Promise<Versioned<Kept> | undefined> => {
    for (let attempt = 0; ; attempt += 1) {
      const [got] = await multiGet(connection, [{ index, id: keys.document(key) }], signal)
      const found = got && keptIn(got)
      if (found === undefined) return undefined
      const whole = await complete(found, signal)
      // A document whose chunks stay missing counts as absent.
      if (whole !== undefined || attempt === attempts) return whole
    }
  }

  const carryOut = async (actions: readonly BulkAction[]): Promise<boolean> => {
    const refused = await bulk(connection, actions)
    for (const { refusal } of refused) {
      if (refusal.status === 409 || refusal.status === 404) continue
      throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.reason}`)
    }
    return refused.length === 0
  }

  const removeParts = (kept: KeptDocument | undefined): Promise<boolean> =>
    kept?.parts === undefined
      ? Promise.resolve(true)
      : carryOut(partsWanted(kept).map((part) => ({ ...part, expects: 'anything' })))

  /** Writes the chunks and returns the document that refers to them. */
  const keep = async (key: DocumentKey, document: StoredDocument): Promise<KeptDocument> => {
    const { content, contentType: type, etag, updated } = document
    const { id: _, ...scope } = key
    const any = scope.kind === 'state' ? { kind: scope.kind, activity: scope.activity, agent: scope.agent } : scope
    const kept = {
      space: space.prefix,
      scopes: [...new Set([keys.scope(scope), keys.scope(any), keys.everyDocument])],
      key: keys.document(key),
      of: key,
      type,
      etag,
      updated
    }
    if (content.byteLength <= largestInside) return { ...kept, content: Buffer.from(content).toString('base64') }
    const version = randomUUID()
    let count = 0
    for (const part of chunksOf(content)) {
      await carryOut([{ index, id: keys.part(version, count), source: JSON.stringify(part), expects: 'nothing' }])
      count += 1
    }
    return { ...kept, parts: { version, count } }
  }

  const put = async (
    key: DocumentKey,
    document: StoredDocument,
    present: Kept | undefined
  ): Promise<StoredDocument | false> => {
    const kept = await keep(key, document)
    const source = JSON.stringify(kept)
    const isDone = await carryOut([{ index, id: keys.document(key), source, expects: present?.version ?? 'nothing' }])
    await removeParts(isDone ? present?.kept : kept)
    return isDone ? document : false
  }

  const remove = async (key: DocumentKey, present: Kept): Promise<boolean> => {
    const isDone = await carryOut([{ index, id: keys.document(key), expects: present.version }])
    if (isDone) await removeParts(present.kept)
    return isDone
  }

  return { read, complete, carryOut, removeParts, keep, put, remove }
}

/** Finds documents by their scope. */
const createScopeSearch = ({ connection, kept: index, keys }: TargetIndices, refresher: Refresher) => {
  /** All documents of a scope, without their contents. */
  const within = async (term: string, after: string | undefined, size: number, query: object, signal?: AbortSignal) => {
    const { body } = await connection.ask({
      method: 'POST',
      path: [index, '_search'],
      query: { allow_partial_search_results: false },
      body: {
        size,
        track_total_hits: false,
        _source: { excludes: ['content'] },
        sort: [{ key: 'asc' }],
        ...(after === undefined ? {} : { search_after: [after] }),
        query: { bool: { filter: [{ term: { scopes: term } }, query] } }
      },
      kind: 'read',
      signal
    })
    // The answer of Elasticsearch, with documents that only Ralph writes.
    return (body as Hits).hits.hits
  }

  const allWithin = async (scope: DocumentScope, query: object, signal?: AbortSignal) => {
    await refresher.refresh()
    signal?.throwIfAborted()
    const all: Hits['hits']['hits'][number][] = []
    for (let after: string | undefined; ; ) {
      const hits = await within(keys.scope(scope), after, pageSize, query, signal)
      all.push(...hits)
      if (hits.length < pageSize) return all
      after = hits.at(-1)?.sort[0]
    }
  }

  return { within, allWithin }
}

const everything = { match_all: {} }

export const createDocuments = (indices: TargetIndices, clock: Clock, refresher: Refresher): Documents => {
  const { connection, kept: index, keys } = indices
  const times = createIncreasingClock(clock)
  const { read, complete, carryOut, removeParts, keep, put, remove } = createKeptDocuments(indices)
  const { within, allWithin } = createScopeSearch(indices, refresher)

  return {
    ...createDocumentStore<Kept>(
      {
        placeOf: keys.document,
        read,
        put,
        remove,
        ids: async (scope, since, signal) => {
          const query = since === undefined ? everything : { range: { updated: { gt: since } } }
          const hits = await allWithin(scope, query, signal)
          return hits.map(({ _source }) => _source.of.id)
        },
        clear: async (scope, signal) => {
          const hits = await allWithin(scope, everything, signal)
          await carryOut(hits.map(({ _id }) => ({ index, id: _id, expects: 'anything' })))
          for (const { _source } of hits) await removeParts(_source)
        }
      },
      times
    ),
    copy: {
      documents: async (after, limit, { signal } = {}) => {
        await refresher.refresh()
        const start = after && keys.document(after)
        const hits = await within(keys.everyDocument, start, limit, everything, signal)
        const got = await multiGet(
          connection,
          hits.map(({ _id }) => ({ index, id: _id })),
          signal
        )
        const page: KeyedDocument[] = []
        for (const each of got) {
          const found = keptIn(each)
          const whole = found && (await complete(found, signal))
          if (whole !== undefined) page.push({ key: whole.version.kept.of, document: whole.document })
        }
        return page
      },
      restoreDocuments: async (documents) => {
        const actions: BulkAction[] = []
        for (const { key, document } of documents) {
          times.passed(document.updated)
          const id = keys.document(key)
          actions.push({ index, id, source: JSON.stringify(await keep(key, document)), expects: 'anything' })
        }
        await carryOut(actions)
      }
    }
  }
}
