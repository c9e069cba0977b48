import type { Readable } from 'node:stream'
import type { ImportUser } from './imports.ts'

/*
 * Uploads: files that come piece by piece, by the protocol tus 1.0 (https://tus.io/protocols/resumable-upload), and become
 * imports when they are whole. A client whose connection breaks goes on where it was.
 */

/** A request of tus whose sender is known, without the server that received it. */
export interface UploadRequest {
  readonly method: 'POST' | 'HEAD' | 'PATCH' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  /** Undefined: the request has none. */
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
  /** In bytes; undefined: its client has not said it yet. */
  readonly size: number | undefined
  /** Bytes that are here. */
  readonly offset: number
  readonly metadata: { readonly [name: string]: string | null }
  /** When it is given up unless more of it comes, RFC 3339; undefined: it is whole. */
  readonly expires: string | undefined
  /** Id of the import that it became; undefined: none yet, or its metadata has `import` `false`. */
  readonly import: string | undefined
}

/**
 * Errors: `NOT_FOUND` (no such upload, or another user's), `UPLOAD_EXPIRED`, `UPLOAD_CONFLICT`, `UPLOAD_CORRUPT`,
 * `ARCHIVE_TOO_LARGE`, `INVALID_HEADER`, `OVERLOADED`, `STORE_FULL`, `STORE_UNAVAILABLE`.
 */
export interface Uploads {
  /** Of tus, for those who ask what is supported. */
  readonly extensions: readonly string[]
  readonly checksums: readonly string[]
  /** Bytes of one upload. */
  readonly maxSize: number
  handle(request: UploadRequest): Promise<UploadAnswer>
  find(id: string, user: ImportUser): Promise<UploadState>
  /** Removes what has expired; costs nothing when there is no upload. */
  sweep(): Promise<void>
  close(): Promise<void>
}
