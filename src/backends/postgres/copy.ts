import type { DocumentKey } from '../../contracts/document-store.ts'
import type { KeyedDocument, StoreCopy } from '../../contracts/store-copy.ts'
import type { BatchedWriter } from '../../storage/batching/batched-writer.ts'
import { maxPageSize } from '../../xapi/filters.ts'
import type { Database } from './connect.ts'
import { columnsOfKey, digestOfKey, findDocument } from './documents.ts'
import { batchesOf } from './in-batches.ts'
import { leastId } from './keys.ts'
import { collectedValue, collectValue, forgetValue, isLarge } from './large-values.ts'
import { inOrder, inRange, type PageRow, pageFrom, pageOf, rangeOf } from './page.ts'
import { prepare, type Query, type Value } from './query-text.ts'
import { writeAll } from './session.ts'

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

// Those that the page has no room for are not chosen.
const selectKeys = prepare<[key: DocumentKey]>(
  'copy_documents',
  `SELECT key FROM (
     SELECT key, digest, row_number() OVER page AS place, sum(octet_length(content)) OVER page AS size
     FROM (SELECT key, digest, content FROM document WHERE target = $1 AND digest > $2 ORDER BY digest LIMIT $3) AS found
     WINDOW page AS (ORDER BY digest ROWS UNBOUNDED PRECEDING)
   ) AS page WHERE place = 1 OR size <= ${maxPageSize} ORDER BY digest`
)

const upsertOf = (rows: readonly string[]): string => `
  INSERT INTO document (target, digest, scope, registration, key, content, content_type, etag, updated, revision)
  VALUES ${rows.join()}
  ON CONFLICT (target, digest) DO UPDATE SET content = excluded.content, content_type = excluded.content_type,
    etag = excluded.etag, updated = excluded.updated, revision = excluded.revision`

const upsertLarge = prepare(
  'restore_large_document',
  upsertOf([`($1, $2, $3, $4, $5, ${collectedValue}, $6, $7, $8, nextval('document_revision'))`])
)

const upsertSome = (target: number, some: readonly KeyedDocument[]): Query<never> => {
  const values: Value[] = [target]
  const rows = some.map(({ key, document: { content, contentType, etag, updated } }) => {
    const own = [...columnsOfKey(key), content, contentType, etag, updated]
    values.push(...own)
    return `($1, ${own.map((_, index) => `$${values.length - own.length + index + 1}`)}, nextval('document_revision'))`
  })
  return { name: undefined, text: upsertOf(rows), values }
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
    for (let from = after; ; ) {
      const start = from === undefined ? leastId : digestOfKey(from)
      const keys = await database.read(selectKeys(target, start, limit), options)
      const page: KeyedDocument[] = []
      for (const [key] of keys) {
        const found = await findDocument(database, target, digestOfKey(key), options)
        // Undefined: it was removed meanwhile.
        if (found !== undefined) page.push({ key, document: found.document })
      }
      if (page.length > 0 || keys.length === 0) return page
      from = keys.at(-1)?.[0]
    }
  },
  restoreDocuments: async (documents, { signal } = {}) => {
    // One statement can change a row only once, and all statements lock their rows in the same order.
    const each = new Map(documents.map((one) => [digestOfKey(one.key), one]))
    const sorted = [...each.keys()]
      .sort()
      .map((digest) => each.get(digest))
      .filter((one) => one !== undefined)
    const small = sorted.filter(({ document }) => !isLarge(document.content))
    for (const piece of batchesOf(small, ({ document }) => document.content.byteLength)) {
      signal?.throwIfAborted()
      await database.write(upsertSome(target, piece))
    }
    for (const { key, document } of sorted) {
      const { content, contentType, etag, updated } = document
      if (!isLarge(content)) continue
      signal?.throwIfAborted()
      const upsert = upsertLarge(target, ...columnsOfKey(key), contentType, etag, updated)
      await writeAll(database, [...collectValue(content), upsert, forgetValue])
    }
  }
})
