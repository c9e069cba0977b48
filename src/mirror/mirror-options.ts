import type { ArchiveSource } from '../contracts/archive-source.ts'
import type { Clock } from '../contracts/clock.ts'
import type { Log } from '../contracts/log.ts'
import type { ArchiveCache, CachedArchive } from './archive-cache.ts'

/** A file of the mirror that is whole. */
export interface MirroredArchive {
  readonly archive: CachedArchive
  readonly file: string
}

/** Where archives go, and what is known of them. */
export interface Mirror {
  readonly cache: ArchiveCache
  /** The directory `STREAM/FILE` is below, as the user has written it. */
  readonly directory: string
  readonly streams: readonly string[]
  readonly log: Log
  readonly signal: AbortSignal
}

/** A mirror that can ask the service. */
export interface OnlineMirror extends Mirror {
  readonly source: ArchiveSource
  readonly clock: Clock
  /** Archives that are downloaded at once. */
  readonly concurrency: number
  /** Waits so many milliseconds by the clock above; rejects with the reason of the signal. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Called for each archive that has been downloaded, before it counts as done. */
  readonly onArchive?: (archive: MirroredArchive) => Promise<void>
}
