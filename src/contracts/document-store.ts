import type { Micros } from '../xapi/timestamp.ts'
import type { CallOptions } from './statement-store.ts'

/** The scope of documents (Communication §2.3, §2.6, §2.7). Identifiers are keys, see `identifierKey`. */
export type DocumentScope =
  | { readonly kind: 'state'; readonly activity: string; readonly agent: string; readonly registration?: string }
  | { readonly kind: 'agent-profile'; readonly agent: string }
  | { readonly kind: 'activity-profile'; readonly activity: string }

/**
 * The key of one document. A State without registration is a different document from the State with the same id and a registration
 * (Communication §2.3).
 */
export type DocumentKey = DocumentScope & { readonly id: string }

export interface DocumentContent {
  /** The exact bytes. After they are given to `change`, they must not be modified until it has resolved. */
  readonly content: Uint8Array
  /** The Content-Type header as it was sent. */
  readonly contentType: string
}

export interface StoredDocument extends DocumentContent {
  /** Lower-case hexadecimal SHA-1 of the content, without quotes (Communication §3.1). */
  readonly etag: string
  readonly updated: Micros
}

/** The document that `change` gets. */
export interface PresentDocument extends StoredDocument {
  /** The content is large and was left out; it is empty here. `get` returns it. */
  readonly lacksContent?: boolean
}

/** The documents of one target. Errors: `STORE_FULL`, `STORE_UNAVAILABLE`. */
export interface DocumentStore {
  get(key: DocumentKey, options?: CallOptions): Promise<StoredDocument | undefined>
  /**
   * The only way to write a document. `change` gets the present document and returns the next one. Undefined deletes it; `present` itself
   * leaves it unchanged. Reading and writing are one step: if another change comes in between, the store calls `change` again. `change`
   * must be pure. If it throws, the call rejects and nothing changes. Resolves durably, with the document that is stored afterwards.
   */
  change(
    key: DocumentKey,
    change: (present: PresentDocument | undefined) => DocumentContent | undefined,
    options?: CallOptions
  ): Promise<StoredDocument | undefined>
  /**
   * The ids of the documents in a scope, changed after `since` (exclusive) if given, each once, in the order of the ids. A State scope
   * without registration means documents of *any* registration and of none.
   */
  ids(scope: DocumentScope, since?: Micros, options?: CallOptions): Promise<readonly string[]>
  /** Removes all documents of a scope, in one step. The scope means the same as in `ids`. */
  clear(scope: DocumentScope, options?: CallOptions): Promise<void>
}
