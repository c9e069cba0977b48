import type { LrsBackend } from './lrs-backend.ts'

export interface CopyFilesOptions {
  readonly signal?: AbortSignal
  /** Called with the copied bytes, and the bytes in total. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * A backend that keeps its stores in files of this machine. They can be copied while a server writes to them. For `ralph backup` and `ralph
 * restore`; databases have their own tools. An undefined target is the default one.
 */
export interface StoreFiles {
  /** Absolute. The files of every target are in this directory or below it. */
  readonly directory: string
  /** The targets that have files. */
  targets(): Promise<readonly (string | undefined)[]>
  /**
   * Copies a target into a directory, with the same layout, as it was at one moment: everything that a server had acknowledged, and no
   * batch in part. Errors: `STORE_FULL`, `STORE_CORRUPT`, `STORE_UNAVAILABLE`.
   */
  copy(target: string | undefined, into: string, options?: CopyFilesOptions): Promise<void>
  /** The paths, relative to the directory, of all files that a target may have. */
  names(target: string | undefined): readonly string[]
  /** Keeps servers from opening the target until it is released. Throws `STORE_IN_USE` if one has opened it. */
  lock(target: string | undefined): { release(): void }
  /** Opens the stores of another directory with the same layout. */
  open(directory: string): Promise<LrsBackend>
}
