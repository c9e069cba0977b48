import type { Micros } from '../xapi/timestamp.ts'
import type { CallOptions } from './statement-store.ts'

/** What a set of documents belongs to (Communication §2.3, §2.6, §2.7). Identifiers are keys, see `identifierKey`. */
export type DocumentScope =
  | { readonly kind: 'state'; readonly activity: string; readonly agent: string; readonly registration?: string }
  | { readonly kind: 'agent-profile'; readonly agent: string }
  | { readonly kind: 'activity-profile'; readonly activity: string }

/**
 * One document. A State without registration is another one than the State with the same id and a registration
 * (Communication §2.3): an absent registration is a key of its own.
 */
export type DocumentKey = DocumentScope & { readonly id: string }

export interface DocumentContent {
  /** Kept byte for byte. Whoever hands it to `change` leaves it alone until that has resolved. */
  readonly content: Uint8Array
  /** The Content-Type header as it was sent. */
  readonly contentType: string
}

export interface StoredDocument extends DocumentContent {
  /** Lower-case hexadecimal SHA-1 of the content, without quotes (Communication §3.1). */
  readonly etag: string
  readonly updated: Micros
}

/** What a change is shown. */
export interface PresentDocument extends StoredDocument {
  /** The content is large, and an empty one stands for it: `get` has it. */
  readonly lacksContent?: boolean
}

/** Documents of one target. Errors: `STORE_FULL`, `STORE_UNAVAILABLE`. */
export interface DocumentStore {
  get(key: DocumentKey, options?: CallOptions): Promise<StoredDocument | undefined>
  /**
   * The only way to write a document. `change` is shown the present document and returns the next one; undefined
   * deletes it; `present` itself leaves it alone. Showing and writing are one step: no other change comes in between,
   * the store calls `change` again if one did. `change` must be pure; what it throws rejects the call and changes
   * nothing. Resolves durably, with the document that is there afterwards.
   */
  change(
    key: DocumentKey,
    change: (present: PresentDocument | undefined) => DocumentContent | undefined,
    options?: CallOptions
  ): Promise<StoredDocument | undefined>
  /**
   * Ids of the documents in a scope, changed after `since` (exclusive) if given, each once, in order of id. A State
   * scope without registration means the documents of *any* registration and of none.
   */
  ids(scope: DocumentScope, since?: Micros, options?: CallOptions): Promise<readonly string[]>
  /** Removes all documents of a scope, as `ids` understands it, in one step. */
  clear(scope: DocumentScope, options?: CallOptions): Promise<void>
}
