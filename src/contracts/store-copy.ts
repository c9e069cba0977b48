import type { Position } from '../xapi/filters.ts'
import type { DocumentKey, StoredDocument } from './document-store.ts'
import type { AttachmentContent, CallOptions, InsertReport, StatementPage, StoredStatement } from './statement-store.ts'

export interface KeyedDocument {
  readonly key: DocumentKey
  readonly document: StoredDocument
}

/** All that one target has, given out and taken in as it is: for `ralph migrate-store`. Errors as the stores'. */
export interface StoreCopy {
  /** One page of all statements, voided ones too, oldest first by (stored, id). */
  statements(after: Position | undefined, limit: number, options?: CallOptions): Promise<StatementPage>
  /**
   * Takes in statements of another store with the `stored` that they have, and their attachments: durably before it
   * resolves. When it failed half-way, calling it again completes it. An id that is there is left as it is.
   */
  restoreStatements(
    statements: readonly StoredStatement[],
    attachments: readonly AttachmentContent[],
    options?: CallOptions
  ): Promise<InsertReport>
  /** One page of all documents, in an order of the store's own, after the document with this key. */
  documents(after: DocumentKey | undefined, limit: number, options?: CallOptions): Promise<readonly KeyedDocument[]>
  /** Takes in documents of another store with the `updated` that they have, in place of what is there. */
  restoreDocuments(documents: readonly KeyedDocument[], options?: CallOptions): Promise<void>
}
