import type { DataStore } from '@tus/server'
import type { ImportUser } from '../contracts/imports.ts'
import type { ChunkChecksum } from './checksum.ts'

/** What one request says that the library does not hand on. */
export interface UploadAsked {
  readonly checksum: ChunkChecksum | undefined
  /** Of the upload. */
  readonly id: string
  readonly user: ImportUser
  /** What the library has answered with an error for. */
  failure: unknown
}

/** Where the bytes of uploads lie until they are imported. */
export interface UploadTarget {
  /** What the library writes to. */
  readonly store: DataStore
  /** Whether the bytes of a request whose checksum is wrong can be taken back. */
  readonly verifies: boolean
  /** Bytes that are here; undefined: there is no such upload. Nothing of it is changed. */
  offsetOf(id: string): Promise<number | undefined>
  /** Whole, from the beginning. */
  open(id: string): AsyncIterable<Uint8Array>
  /** Also of one that is not there. */
  remove(id: string): Promise<void>
  close(): Promise<void>
}
