import type { ErrorCode } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'
import type { DataBackend } from './data-backend.ts'

/*
 * Imports. Everything that brings files of learning records (a command, an upload, a download, a mirror, a message broker) is a
 * door. A door passes the bytes to `submit`. When that resolves, the bytes are durable and a record has their status; the door is
 * done. `run` processes them, at once or later, in this process or in another.
 */

/**
 * - QUERYING: the bytes are being received.
 * - VALIDATING: the bytes are complete and will be checked as a whole.
 * - PROCESSING: the records are being delivered.
 * - RETRY: a temporary failure; it is tried again at `nextAttempt`.
 * - DONE; FAILED; SKIPPED if nothing in them could be imported. These are final until `retry`.
 */
export const importStatuses = ['QUERYING', 'VALIDATING', 'PROCESSING', 'RETRY', 'DONE', 'FAILED', 'SKIPPED'] as const

export type ImportStatus = (typeof importStatuses)[number]

/** The user who brought it, as a `Principal`: the statements get this authority and go to this target. */
export interface ImportUser {
  readonly username: string
  readonly agent: Agent
  readonly scopes: readonly string[]
  readonly target?: string
  /** Scopes are enforced whatever the settings say, as for a key. */
  readonly isScoped?: boolean
}

export interface ImportSource {
  /** `command`, `upload`, `download`, `mirror`, …: a word for people. */
  readonly door: string
  /** Its origin: a path, a URL, the id of a message. */
  readonly reference: string
  /** Name of the user. Undefined: the operator, by a command. */
  readonly user: string | undefined
}

export interface ImportCounts {
  /** Records that were found, valid and invalid. */
  readonly read: number
  /** Statements that were converted from events. */
  readonly converted: number
  readonly written: number
  /** Equal statements that were stored before. */
  readonly already: number
  readonly rejected: number
}

export interface ImportTrouble {
  readonly code: ErrorCode
  readonly message: string
}

/** The result of one destination. */
export interface HandlerResult {
  readonly status: 'PROCESSING' | 'DONE' | 'RETRY' | 'FAILED'
  readonly written: number
  readonly already: number
  readonly rejected: number
  readonly trouble?: ImportTrouble
  /** The object that the statements are in, where the destination keeps objects. */
  readonly object?: string
}

/** Times are RFC 3339. */
export interface ImportRecord {
  readonly id: string
  readonly source: ImportSource
  readonly filename: string
  /** As the door declared it. The real type is determined from the bytes. */
  readonly mediaType: string | undefined
  /** Of the received bytes, in lower-case hexadecimal. Undefined until they are complete. */
  readonly sha256: string | undefined
  readonly size: number | undefined
  /** Anything else that the door knows. */
  readonly metadata: { readonly [name: string]: unknown }
  readonly status: ImportStatus
  /** Why it is RETRY, FAILED or SKIPPED. */
  readonly trouble: ImportTrouble | undefined
  readonly counts: ImportCounts
  /** Name of the destination: `lrs`, the name of a data backend, or `other-lrs`, which is the backend `lrs`. */
  readonly destination: string
  /** By the name of the destination. */
  readonly handlers: { readonly [name: string]: HandlerResult }
  readonly attempts: number
  readonly nextAttempt: string | undefined
  /** Name of the original in the file store. Undefined: it is not kept there. */
  readonly original: string | undefined
  /** A process is working on it now. */
  readonly isRunning: boolean
  /** The store of the statements. Undefined: the default one. */
  readonly target: string | undefined
  readonly created: string
  readonly updated: string
  readonly finished: string | undefined
}

/** How to interpret the records in a file. Missing values are detected, or come from the settings. */
export interface ImportInstructions {
  /** The type of the records: events of edX, or statements. `auto`: detected for each record. */
  readonly from?: 'auto' | 'edx' | 'xapi'
  /** False: an archive or a compressed file is not unpacked, and then cannot be imported. Default: true. */
  readonly unpack?: boolean
  /** Where it goes; undefined: to the LRS of the process that works on it. */
  readonly place?: ImportPlace | undefined
  /** Of the platform of the events; undefined: as the process that works on it is set. */
  readonly platformUrl?: string | undefined
  /** Of the ids of converted events; undefined: as the process that works on it is set. */
  readonly uuidNamespace?: string | undefined
}

/** A place in a data backend. Whatever process works on the import delivers there. No secret is in it. */
export interface ImportPlace {
  /** Name of the backend. */
  readonly backend: string
  /** As of `ralph write --target`; of a backend that keeps objects what stands before their names. */
  readonly target?: string | undefined
  /** Settings of the backend, by their variables. */
  readonly values: Readonly<Record<string, string>>
  /** Variables of secrets, which the process that works on it must be given. */
  readonly secrets: readonly string[]
}

/** What a door passes to `submit`. */
export interface ImportOffer {
  readonly door: string
  readonly reference: string
  /** Undefined: the operator. */
  readonly user?: ImportUser | undefined
  /** A name without directories. Everything up to the last slash is removed. */
  readonly filename: string
  readonly mediaType?: string | undefined
  readonly metadata?: { readonly [name: string]: unknown }
  readonly instructions?: ImportInstructions
  /** The digest of the bytes, if the door knows it. `CHECKSUM_MISMATCH` if they differ. */
  readonly sha256?: string | undefined
  /** The bytes. It is called once. If the bytes are in a file of the door, the door opens it (`createReadStream`). */
  open(): AsyncIterable<Uint8Array>
}

/** A URL that a door brings. The process that runs the import fetches it. */
export interface UrlOffer extends Omit<ImportOffer, 'open' | 'reference' | 'filename'> {
  /** In the syntax of `ralph download`. The record shows it without credentials. */
  readonly url: string
  /** The operator chose it. False: only the hosts of RALPH_IMPORTS_URL_HOSTS at public addresses are allowed. */
  readonly isTrusted: boolean
}

export interface ListImports {
  readonly status?: ImportStatus | undefined
  readonly door?: string | undefined
  /** Name of the user who brought them. */
  readonly user?: string | undefined
  /** The store of the statements. Undefined in it: the default one. */
  readonly store?: { readonly target: string | undefined } | undefined
  /** Origin of the bytes: a path, a URL, the address of an upload. */
  readonly reference?: string | undefined
  /** Of the received bytes, in lower-case hexadecimal. */
  readonly sha256?: string | undefined
  /** Only imports after this one, which may have been removed since: the next page of the same list. */
  readonly after?: Pick<ImportRecord, 'created' | 'id'> | undefined
  /** Default 100. */
  readonly limit?: number
}

export interface PurgeImports {
  /** Final imports that ended at least this many milliseconds ago. */
  readonly olderThan: number
  readonly status?: ImportStatus | undefined
}

/**
 * Errors: `NOT_FOUND` (no such import), `IMPORT_IN_USE` (another process works on it), `STORE_FULL`, `STORE_UNAVAILABLE`,
 * and what `submit` names.
 */
export interface Imports {
  /**
   * Stores the bytes durably in staging. Rejects if that fails: `STORE_FULL`, `ARCHIVE_TOO_LARGE`, `CHECKSUM_MISMATCH`, or the
   * error of `open`. Then the record is FAILED, and nothing is staged. `hold`: no other process works on it until this one has
   * called `run`.
   *
   * For a URL it only makes the record, and `run` fetches the bytes. It rejects with `INVALID_QUERY`, or `FORBIDDEN` for a URL
   * that must not be fetched; then there is no record.
   */
  submit(
    offer: ImportOffer | UrlOffer,
    options?: { readonly signal?: AbortSignal; readonly hold?: boolean }
  ): Promise<ImportRecord>
  /**
   * Processes an import until it is DONE, SKIPPED, FAILED or RETRY, and continues where it was left. Rejects only if it cannot be
   * processed at all, or if the signal is aborted; then another call can continue.
   */
  run(id: string, options?: { readonly signal?: AbortSignal }): Promise<ImportRecord>
  /** Runs the imports that are due and not running elsewhere, one after the other, oldest first. Resolves with their number. */
  runDue(options: { readonly signal: AbortSignal }): Promise<number>
  /** When the next attempt is due, in milliseconds since 1970. Undefined: none is waiting. */
  nextAttempt(): Promise<number | undefined>
  find(id: string): Promise<ImportRecord | undefined>
  /** Newest first. */
  list(options?: ListImports): Promise<readonly ImportRecord[]>
  /** How many there are of each status; none is left out. */
  counts(): Promise<ReadonlyMap<ImportStatus, number>>
  /**
   * Makes it due now, with all its attempts again. If its bytes are deleted, the original is taken from the file store and
   * imported once more. Rejects with `UNSUPPORTED_OPERATION` if it is not there either.
   */
  retry(id: string): Promise<ImportRecord>
  /** The rejected records, as a report for `ralph extract -p report`. Undefined: none. */
  rejected(id: string): AsyncIterable<Uint8Array> | undefined
  /** Submits the rejected records of an import as a new one. Rejects with `NOT_FOUND` if there are none. */
  resubmitRejected(id: string): Promise<ImportRecord>
  /** Removes an import that is not running, with its bytes and its rejected records. */
  remove(id: string): Promise<void>
  /** Removes old final imports. Resolves with their number. */
  purge(options: PurgeImports): Promise<number>
  close(): Promise<void>
}

/** Opens the backend of a place. `UNKNOWN_BACKEND`; `INVALID_SETTING` names a secret that this process is not given. */
export type OpenImportPlace = (place: ImportPlace) => Promise<DataBackend>

/**
 * Where a command delivers to: to the places that the records of imports name, and, for `lrs`, to the LRS as the server is
 * set, too; or nowhere, for `--dry-run`, which leaves nothing behind.
 */
export type ImportDestination = 'lrs' | 'places' | 'nowhere'

/** A statement to deliver. */
export interface DeliveredStatement {
  /** JSON on one line. */
  readonly text: string
  /** In lower case. Empty: it has no valid id. */
  readonly id: string
}

export interface DeliveryReport {
  readonly written: number
  readonly already: number
  /** Statements that were rejected, by their index in the chunk. */
  readonly rejected: readonly { readonly index: number; readonly reason: string }[]
}

/**
 * A destination of imports. If `deliver` rejects, this says nothing about the statements: the chunk is delivered again later. So
 * delivering a chunk twice must be harmless.
 */
export interface ImportHandler {
  /** As `ImportRecord.destination` has it. */
  readonly name: string
  /** Whether it validates statements itself. Otherwise the pipeline does. */
  readonly judges: boolean
  /** Approximate number of statements in a chunk. */
  readonly chunkSize: number
  deliver(
    statements: readonly DeliveredStatement[],
    about: { readonly user: ImportUser | undefined; readonly id: string; readonly signal: AbortSignal }
  ): Promise<DeliveryReport>
}

/** A destination that takes an import as one object, when all of it is converted. */
export interface ObjectHandler extends Omit<ImportHandler, 'judges' | 'deliver'> {
  readonly judges: false
  /**
   * Puts the object, whole or not at all; gives its name. The same import has the same name each time, so that it is put
   * again after a crash.
   */
  put(
    lines: AsyncIterable<Uint8Array>,
    about: { readonly filename: string; readonly sha256: string; readonly signal: AbortSignal }
  ): Promise<string>
}
