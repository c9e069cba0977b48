import type { ArchiveSource } from '../contracts/archive-source.ts'
import type { Clock } from '../contracts/clock.ts'
import type { Log } from '../contracts/log.ts'
import type { ArchiveCache, CachedArchive } from './archive-cache.ts'

/** A complete file of the mirror. */
export interface MirroredArchive {
  readonly archive: CachedArchive
  readonly file: string
}

/** Where archives are stored, and what is known of them. */
export interface Mirror {
  readonly cache: ArchiveCache
  /** The parent of `STREAM/FILE`, as the user wrote it. */
  readonly directory: string
  readonly streams: readonly string[]
  readonly log: Log
  readonly signal: AbortSignal
}

/** A mirror that can ask the service. */
export interface OnlineMirror extends Mirror {
  readonly source: ArchiveSource
  readonly clock: Clock
  /** Concurrent downloads. */
  readonly concurrency: number
  /** Waits this many milliseconds by the clock above. Rejects with the reason of the signal. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Called for each downloaded archive, before it counts as done. */
  readonly onArchive?: (archive: MirroredArchive) => Promise<void>
}
