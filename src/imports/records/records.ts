import type { ImportStatus, ListImports } from '../../contracts/imports.ts'
import type { KeptImport } from '../kept.ts'

/** A record, and whether somebody works on it. */
export interface FoundImport {
  readonly kept: KeptImport
  readonly isRunning: boolean
}

/** Whether this process delivers to a destination. */
export type Delivers = (destination: string) => boolean

/**
 * Where the records of imports are kept. Several processes may use it at once; of them one at a time works on an import: it
 * claims it, and saves what it has done. A lease that is not renewed ends by itself, and that of a process which is known
 * to be dead at once. Errors: `STORE_FULL`, `STORE_UNAVAILABLE`, `STORE_CORRUPT`.
 */
export interface ImportRecords {
  /** Makes a record, claimed by this process. */
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
  /** Undefined: somebody else works on it, or it is not there. */
  claim(id: string): Promise<KeptImport | undefined>
  /** False: this process has it no longer, and must leave it alone. */
  renew(id: string): Promise<boolean>
  /** Durably. False as of `renew`, and then nothing was saved. */
  save(kept: KeptImport): Promise<boolean>
  /** Lets others have it. */
  release(id: string): Promise<void>
  /** Forgets one that this process has claimed. */
  remove(id: string): Promise<void>
  close(): Promise<void>
}
