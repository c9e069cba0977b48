import type { DocumentKey } from '../../contracts/document-store.ts'
import type { KeyedDocument, StoreCopy } from '../../contracts/store-copy.ts'
import type { BatchedWriter } from '../../storage/batching/batched-writer.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Database } from './connect.ts'
import { columnsOfKey, digestOfKey } from './documents.ts'
import { batchesOf } from './in-batches.ts'
import { leastId } from './keys.ts'
import { inOrder, inRange, type PageRow, pageFrom, pageOf, rangeOf } from './page.ts'
import { prepare, type Query, type Value } from './query-text.ts'

/** Both lists are sorted, so they are merged. */
const half = (condition: string): string => `
  (SELECT stored, id, text FROM statement WHERE target = $1 AND ${condition}
   AND ${inRange('statement', true, ['$2', '$3::uuid', '$4'])} ${inOrder('statement', true)} LIMIT $5::bigint + 1)`

const selectStatements = prepare<PageRow>(
  'copy_statements',
  pageOf(
    `SELECT stored, id, text FROM (${half('NOT voided')} UNION ALL ${half('voided')}) AS half
     ${inOrder('half', true)} LIMIT $5::bigint + 1`,
    true,
    '$5'
  )
)

type DocumentRow = readonly [key: DocumentKey, content: Uint8Array, contentType: string, etag: string, updated: Micros]

const selectDocuments = prepare<DocumentRow>(
  'copy_documents',
  `SELECT key, content, content_type, etag, updated FROM document
   WHERE target = $1 AND digest > $2 ORDER BY digest LIMIT $3`
)

const upsertSome = (target: number, some: readonly KeyedDocument[]): Query<never> => {
  const values: Value[] = [target]
  const rows = some.map(({ key, document: { content, contentType, etag, updated } }) => {
    const own = [...columnsOfKey(key), content, contentType, etag, updated]
    values.push(...own)
    return `($1, ${own.map((_, index) => `$${values.length - own.length + index + 1}`)}, nextval('document_revision'))`
  })
  const text = `
    INSERT INTO document (target, digest, scope, registration, key, content, content_type, etag, updated, revision)
    VALUES ${rows.join()}
    ON CONFLICT (target, digest) DO UPDATE SET content = excluded.content, content_type = excluded.content_type,
      etag = excluded.etag, updated = excluded.updated, revision = excluded.revision`
  return { name: undefined, text, values }
}

/** All statements of a target, voided ones too, in pages. */
export const createStatementReader =
  (database: Pick<Database, 'read'>, target: number): StoreCopy['statements'] =>
  async (after, limit, options) => {
    const { start, end } = rangeOf({ ascending: true, limit, ...(after === undefined ? {} : { after }) })
    return pageFrom(await database.read(selectStatements(target, start.stored, start.id, end, limit), options))
  }

export const createCopy = (database: Database, target: number, writer: BatchedWriter): StoreCopy => ({
  statements: createStatementReader(database, target),
  restoreStatements: writer.restore,
  documents: async (after, limit, options) => {
    const rows = await database.read(
      selectDocuments(target, after === undefined ? leastId : digestOfKey(after), limit),
      options
    )
    return rows.map(([key, content, contentType, etag, updated]) => ({
      key,
      document: { content, contentType, etag, updated }
    }))
  },
  restoreDocuments: async (documents, { signal } = {}) => {
    // One statement can change a row only once, and all statements lock their rows in the same order.
    const each = new Map(documents.map((one) => [digestOfKey(one.key), one]))
    const sorted = [...each.keys()]
      .sort()
      .map((digest) => each.get(digest))
      .filter((one) => one !== undefined)
    for (const piece of batchesOf(sorted, ({ document }) => document.content.byteLength)) {
      signal?.throwIfAborted()
      await database.write(upsertSome(target, piece))
    }
  }
})
