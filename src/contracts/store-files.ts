import type { LrsBackend } from './lrs-backend.ts'

export interface CopyFilesOptions {
  readonly signal?: AbortSignal
  /** Bytes that are copied, of all that there are. */
  readonly onProgress?: (done: number, total: number) => void
}

/**
 * A backend that keeps its stores in files of this machine: they can be copied while a server writes to them. For
 * `ralph backup` and `ralph restore`; databases have tools of their own. A target that is undefined is the default one.
 */
export interface StoreFiles {
  /** Absolute; the files of every target are in it or below it. */
  readonly directory: string
  /** Targets that have files. */
  targets(): Promise<readonly (string | undefined)[]>
  /**
   * Copies a target into a directory as it was at one moment, laid out as in this one: what a server had acknowledged
   * by then is in it whole, and no batch is in it by half. Errors: `STORE_FULL`, `STORE_CORRUPT`, `STORE_UNAVAILABLE`.
   */
  copy(target: string | undefined, into: string, options?: CopyFilesOptions): Promise<void>
  /** Paths, relative to the directory, of all files that a target may have. */
  names(target: string | undefined): readonly string[]
  /** Keeps servers from opening the target until it is released. `STORE_IN_USE` when one has it open. */
  lock(target: string | undefined): { release(): void }
  /** Opens the stores of another directory that has the same layout. */
  open(directory: string): Promise<LrsBackend>
}
