import type { Position } from '../xapi/filters.ts'
import type { DocumentKey, StoredDocument } from './document-store.ts'
import type { AttachmentContent, CallOptions, InsertReport, StatementPage, StoredStatement } from './statement-store.ts'

export interface KeyedDocument {
  readonly key: DocumentKey
  readonly document: StoredDocument
}

/** Exports and imports all that one target has, unchanged: for `ralph migrate-store`. Errors are those of the stores. */
export interface StoreCopy {
  /** One page of all statements, also voided ones, oldest first by (stored, id). */
  statements(after: Position | undefined, limit: number, options?: CallOptions): Promise<StatementPage>
  /**
   * Stores statements of another store with their own `stored`, and their attachments, durably before it resolves. After a failure, calling
   * it again completes it. An id that exists is left unchanged.
   */
  restoreStatements(
    statements: readonly StoredStatement[],
    attachments: readonly AttachmentContent[],
    options?: CallOptions
  ): Promise<InsertReport>
  /**
   * One page of all documents, in an order that the store chooses, after the document with this key. At most `limit` documents, and about
   * `maxPageSize` bytes of them or a single one. An empty page comes after the last one.
   */
  documents(after: DocumentKey | undefined, limit: number, options?: CallOptions): Promise<readonly KeyedDocument[]>
  /** Stores documents of another store with their own `updated`, and replaces existing ones. */
  restoreDocuments(documents: readonly KeyedDocument[], options?: CallOptions): Promise<void>
}
