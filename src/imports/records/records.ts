import type { ImportStatus, ListImports } from '../../contracts/imports.ts'
import type { KeptImport } from '../kept.ts'

/** A record, and whether a process is running it. */
export interface FoundImport {
  readonly kept: KeptImport
  readonly isRunning: boolean
}

/** Whether this process delivers to a destination. */
export type Delivers = (destination: string) => boolean

/**
 * Keeps the records of imports. Several processes may use it at once, but only one of them works on an import: it claims the
 * import and saves its progress. A lease that is not renewed ends by itself. The lease of a process that is known to be dead ends
 * at once. Errors: `STORE_FULL`, `STORE_UNAVAILABLE`, `STORE_CORRUPT`.
 */
export interface ImportRecords {
  /** Creates a record, claimed by this process. */
  insert(kept: KeptImport): Promise<void>
  find(id: string): Promise<FoundImport | undefined>
  /** Newest first. */
  list(options: ListImports): Promise<readonly FoundImport[]>
  /** How many there are of each status; none is left out. */
  counts(): Promise<ReadonlyMap<ImportStatus, number>>
  /** Ids of what is to be worked on now, and is not, oldest first. */
  due(now: number, delivers: Delivers): Promise<readonly string[]>
  /** When the first of those that wait for another attempt is due, in milliseconds since 1970; undefined: none waits. */
  nextAttempt(delivers: Delivers): Promise<number | undefined>
  /** Ids of final ones that were finished before. */
  finishedBefore(time: number, status: KeptImport['status'] | undefined): Promise<readonly string[]>
  /** Undefined: another process holds it, or it does not exist. */
  claim(id: string): Promise<KeptImport | undefined>
  /** False: this process no longer holds it and must not touch it. */
  renew(id: string): Promise<boolean>
  /** Durable. False as for `renew`; then nothing was saved. */
  save(kept: KeptImport): Promise<boolean>
  /** Lets other processes claim it. */
  release(id: string): Promise<void>
  /** Removes an import that this process has claimed. */
  remove(id: string): Promise<void>
  close(): Promise<void>
}
