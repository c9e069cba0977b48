import type {
  ImportCounts,
  ImportInstructions,
  ImportPlace,
  ImportRecord,
  ImportStatus,
  ImportTrouble,
  ImportUser
} from '../contracts/imports.ts'
import { messageOf, RalphError } from '../errors.ts'

/** How far an import has got, durably. Anything after it is done again, which is harmless. */
export interface Progress {
  /** It was checked as a whole and may be delivered. */
  readonly isChecked: boolean
  /** The file in it that is being processed, from 0, and how many of its lines are done. */
  readonly leaf: number
  readonly line: number
  /** Size of the report of rejected records. */
  readonly rejectedBytes: number
  /** What is gathered for a destination that takes an import as one object. */
  readonly gathered?: { readonly bytes: number; readonly statements: number } | undefined
}

/** The destination of an import that names no place. */
export const lrsDestination = 'lrs'

/** The backend `lrs` is another LRS, and no process may take it for its own. */
export const destinationOf = (place: ImportPlace | undefined): string => {
  if (place === undefined) return lrsDestination
  return place.backend === lrsDestination ? `other-${lrsDestination}` : place.backend
}

/** A URL from which an import is fetched. */
export interface WantedUrl {
  /** With its credentials. */
  readonly url: string
  /** False: only hosts that the settings allow, at public addresses. */
  readonly isTrusted: boolean
  /** Expected digest of the bytes. */
  readonly sha256: string | undefined
}

/** A record with what only the pipeline needs. Times are milliseconds since 1970. */
export interface KeptImport
  extends Omit<ImportRecord, 'isRunning' | 'target' | 'nextAttempt' | 'created' | 'updated' | 'finished'> {
  readonly user: ImportUser | undefined
  readonly instructions: ImportInstructions
  /** Where the bytes are fetched from; undefined: they are here, or came by themselves. */
  readonly wanted?: WantedUrl | undefined
  /** Attempts since the last progress: failed ones, and those ended by a crash. */
  readonly failures: number
  /** The bytes are in staging. */
  readonly isStaged: boolean
  readonly progress: Progress
  readonly nextAttempt: number | undefined
  readonly created: number
  readonly updated: number
  readonly finished: number | undefined
}

export const atStart: Progress = { isChecked: false, leaf: 0, line: 0, rejectedBytes: 0 }

export const nothingCounted: ImportCounts = { read: 0, converted: 0, written: 0, already: 0, rejected: 0 }

/** Its bytes must be taken from the file store again. */
export const isToRecall = ({ isStaged, original }: KeptImport): boolean => !isStaged && original !== undefined

/** The status at the beginning of an attempt. */
export const statusAtStart = (kept: KeptImport): ImportStatus => {
  const { wanted, progress } = kept
  if (wanted !== undefined || isToRecall(kept)) return 'QUERYING'
  return progress.isChecked ? 'PROCESSING' : 'VALIDATING'
}

const finalOnes: ReadonlySet<ImportStatus> = new Set(['DONE', 'FAILED', 'SKIPPED'])

export const isFinal = (status: ImportStatus): boolean => finalOnes.has(status)

const timeOf = (milliseconds: number): string => new Date(milliseconds).toISOString()

/** The record that others see. */
export const shownImport = (kept: KeptImport, isRunning: boolean): ImportRecord => ({
  id: kept.id,
  source: kept.source,
  filename: kept.filename,
  mediaType: kept.mediaType,
  sha256: kept.sha256,
  size: kept.size,
  metadata: kept.metadata,
  status: kept.status,
  trouble: kept.trouble,
  counts: kept.counts,
  destination: kept.destination,
  handlers: kept.handlers,
  attempts: kept.attempts,
  original: kept.original,
  nextAttempt: kept.nextAttempt === undefined ? undefined : timeOf(kept.nextAttempt),
  isRunning,
  target: kept.user?.target,
  created: timeOf(kept.created),
  updated: timeOf(kept.updated),
  finished: kept.finished === undefined ? undefined : timeOf(kept.finished)
})

/** The problem in the form in which it is stored. */
export const troubleOf = (error: unknown): ImportTrouble => ({
  code: error instanceof RalphError ? error.code : 'INTERNAL',
  message: messageOf(error)
})

export const inUse = (id: string): RalphError =>
  new RalphError('IMPORT_IN_USE', `another process works on the import ${id}`, { id })
