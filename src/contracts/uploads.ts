import type { Readable } from 'node:stream'
import type { ImportUser } from './imports.ts'

/*
 * Uploads: files that arrive piece by piece, by the protocol tus 1.0 (https://tus.io/protocols/resumable-upload), and become
 * imports when they are complete. A client continues after its connection breaks.
 */

/** A request of tus whose sender is authenticated, independent of the server that received it. */
export interface UploadRequest {
  readonly method: 'POST' | 'HEAD' | 'PATCH' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  /** Undefined: the request has no body. */
  readonly body: Readable | undefined
  /** Undefined: a new upload. */
  readonly id: string | undefined
  readonly user: ImportUser
}

/** An answer without a body. */
export interface UploadAnswer {
  readonly status: number
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>
}

export interface UploadState {
  readonly id: string
  readonly filename: string
  /** In bytes. Undefined: the client has not sent it yet. */
  readonly size: number | undefined
  /** Bytes that were received. */
  readonly offset: number
  readonly metadata: { readonly [name: string]: string | null }
  /** When it expires if no more bytes come, RFC 3339. Undefined: it is complete. */
  readonly expires: string | undefined
  /** Id of its import. Undefined: none yet, or its metadata has `import` `false`. */
  readonly import: string | undefined
}

/**
 * Errors: `NOT_FOUND` (no such upload, or another user's), `UPLOAD_EXPIRED`, `UPLOAD_CONFLICT`, `UPLOAD_CORRUPT`,
 * `ARCHIVE_TOO_LARGE`, `INVALID_HEADER`, `OVERLOADED`, `STORE_FULL`, `STORE_UNAVAILABLE`.
 */
export interface Uploads {
  /** The supported extensions of tus. */
  readonly extensions: readonly string[]
  readonly checksums: readonly string[]
  /** Most bytes of one upload. */
  readonly maxSize: number
  handle(request: UploadRequest): Promise<UploadAnswer>
  find(id: string, user: ImportUser): Promise<UploadState>
  /** Removes expired uploads. It costs nothing if there are no uploads. */
  sweep(): Promise<void>
  close(): Promise<void>
}
