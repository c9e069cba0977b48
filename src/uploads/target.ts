import type { DataStore } from '@tus/server'
import type { ImportUser } from '../contracts/imports.ts'
import type { ChunkChecksum } from './checksum.ts'

/** What a request says that the library does not pass on. */
export interface UploadAsked {
  readonly checksum: ChunkChecksum | undefined
  /** Of the upload. */
  readonly id: string
  readonly user: ImportUser
  /** The error to which the library has answered. */
  failure: unknown
}

/** Where the bytes of uploads are kept until they are imported. */
export interface UploadTarget {
  /** The library writes to it. */
  readonly store: DataStore
  /** Whether bytes with a wrong checksum can be removed again. */
  readonly verifies: boolean
  /** Bytes that were received. Undefined: there is no such upload. It changes nothing. */
  offsetOf(id: string): Promise<number | undefined>
  /** All bytes, from the beginning. */
  open(id: string): AsyncIterable<Uint8Array>
  /** Also if it does not exist. */
  remove(id: string): Promise<void>
  close(): Promise<void>
}
