import type { ErrorCode } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'
import type { DataBackend } from './data-backend.ts'

/*
 * Imports: whatever brings learning records as files (a command, an upload, a download, a mirror, a message broker) is a
 * door. A door hands the bytes to `submit` and has done its part when that resolves: they are durable then, and a record
 * says what becomes of them. `run` works on them, at once or later, in this process or in another.
 */

/**
 * - QUERYING: the bytes come in.
 * - VALIDATING: they are here, and wait to be looked at as a whole.
 * - PROCESSING: what is in them is delivered.
 * - RETRY: something failed that may pass; it is tried again at `nextAttempt`.
 * - DONE; FAILED; SKIPPED, when nothing in them could be imported: final, until somebody says `retry`.
 */
export const importStatuses = ['QUERYING', 'VALIDATING', 'PROCESSING', 'RETRY', 'DONE', 'FAILED', 'SKIPPED'] as const

export type ImportStatus = (typeof importStatuses)[number]

/** Who brought it, as a `Principal`: the statements get this authority, and go to this target. */
export interface ImportUser {
  readonly username: string
  readonly agent: Agent
  readonly scopes: readonly string[]
  readonly target?: string
  /** Scopes are enforced whatever the settings say, as for a key. */
  readonly isScoped?: boolean
}

export interface ImportSource {
  /** `command`, `upload`, `download`, `mirror`, …: a word, for people. */
  readonly door: string
  /** Where it came from: a path, a URL, the id of a message. */
  readonly reference: string
  /** Name of the user; undefined: the operator, at a command. */
  readonly user: string | undefined
}

export interface ImportCounts {
  /** Records that were found, good and bad. */
  readonly read: number
  /** Statements that were made of events. */
  readonly converted: number
  readonly written: number
  /** Statements that were there before, equal. */
  readonly already: number
  readonly rejected: number
}

export interface ImportTrouble {
  readonly code: ErrorCode
  readonly message: string
}

/** What one destination has made of it. */
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
  /** As the door was told it. What it really is, its bytes say. */
  readonly mediaType: string | undefined
  /** Of the bytes as they came, in lower-case hexadecimal; undefined until they are here. */
  readonly sha256: string | undefined
  readonly size: number | undefined
  /** Whatever the door knows of it. */
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
  /** Name of the original in the file store; undefined: it is not kept there. */
  readonly original: string | undefined
  /** A process works on it now. */
  readonly isRunning: boolean
  /** The store that the statements go to; undefined: the default one. */
  readonly target: string | undefined
  readonly created: string
  readonly updated: string
  readonly finished: string | undefined
}

/** How the records in a file are to be understood; what is left out is found out, or is as the settings say. */
export interface ImportInstructions {
  /** What the records are: events of edX, or statements; `auto`: each as it looks. */
  readonly from?: 'auto' | 'edx' | 'xapi'
  /** False: an archive, or a compressed file, is not unpacked; it is then none of ours. Default: true. */
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

/** What a door brings. */
export interface ImportOffer {
  readonly door: string
  readonly reference: string
  /** Undefined: the operator. */
  readonly user?: ImportUser | undefined
  /** A name without directories; what stands before the last slash is cut off. */
  readonly filename: string
  readonly mediaType?: string | undefined
  readonly metadata?: { readonly [name: string]: unknown }
  readonly instructions?: ImportInstructions
  /** What the bytes must have, if the door knows it: `CHECKSUM_MISMATCH` otherwise. */
  readonly sha256?: string | undefined
  /** The bytes, asked for once. A file that the door keeps is opened by the door (`createReadStream`). */
  open(): AsyncIterable<Uint8Array>
}

/** A URL that a door brings; whoever works on the import fetches it. */
export interface UrlOffer extends Omit<ImportOffer, 'open' | 'reference' | 'filename'> {
  /** In the syntax of `ralph download`. The record shows it without credentials. */
  readonly url: string
  /** The operator's own choice. False: it goes to the hosts of RALPH_IMPORTS_URL_HOSTS, at public addresses. */
  readonly isTrusted: boolean
}

export interface ListImports {
  readonly status?: ImportStatus | undefined
  readonly door?: string | undefined
  /** Name of the user who brought them. */
  readonly user?: string | undefined
  /** The store that the statements go to; undefined in it: the default one. */
  readonly store?: { readonly target: string | undefined } | undefined
  /** Of the source: a path, a URL, the address of an upload. */
  readonly reference?: string | undefined
  /** Of the bytes as they came, in lower-case hexadecimal. */
  readonly sha256?: string | undefined
  /** Only what comes behind this import, which may be gone by now: the next page of the same list. */
  readonly after?: Pick<ImportRecord, 'created' | 'id'> | undefined
  /** Default 100. */
  readonly limit?: number
}

export interface PurgeImports {
  /** Final ones that were finished at least so many milliseconds ago. */
  readonly olderThan: number
  readonly status?: ImportStatus | undefined
}

/**
 * Errors: `NOT_FOUND` (no such import), `IMPORT_IN_USE` (another process works on it), `STORE_FULL`, `STORE_UNAVAILABLE`,
 * and what `submit` names.
 */
export interface Imports {
  /**
   * Takes the bytes into staging, durably. Rejects when that fails: `STORE_FULL`, `ARCHIVE_TOO_LARGE`,
   * `CHECKSUM_MISMATCH`, or with what `open` rejects with. The record then says so too (FAILED), and nothing is staged.
   * `hold`: no other process works on it until this one has called `run`.
   *
   * Of a URL it makes the record only, and `run` fetches the bytes: `INVALID_QUERY`, `FORBIDDEN` for one that must not be
   * fetched; then there is no record.
   */
  submit(
    offer: ImportOffer | UrlOffer,
    options?: { readonly signal?: AbortSignal; readonly hold?: boolean }
  ): Promise<ImportRecord>
  /**
   * Works on an import until it is DONE, SKIPPED, FAILED or RETRY, going on where it was left. It rejects only when it
   * cannot be worked on at all, or when the signal is aborted (it is then left to be gone on with).
   */
  run(id: string, options?: { readonly signal?: AbortSignal }): Promise<ImportRecord>
  /** Runs what is due and nobody works on, one after the other, oldest first. Resolves with how many there were. */
  runDue(options: { readonly signal: AbortSignal }): Promise<number>
  /** When the first of those that wait for another attempt is due, in milliseconds since 1970; undefined: none waits. */
  nextAttempt(): Promise<number | undefined>
  find(id: string): Promise<ImportRecord | undefined>
  /** Newest first. */
  list(options?: ListImports): Promise<readonly ImportRecord[]>
  /** How many there are of each status; none is left out. */
  counts(): Promise<ReadonlyMap<ImportStatus, number>>
  /**
   * Makes it due now, with all its attempts before it again. Of one whose bytes are gone the original is taken from the file
   * store, and all of it is imported once more. `UNSUPPORTED_OPERATION` when it is not there either.
   */
  retry(id: string): Promise<ImportRecord>
  /** The records that were rejected, as a report (`ralph extract -p report` gives them back); undefined: none. */
  rejected(id: string): AsyncIterable<Uint8Array> | undefined
  /** Submits the rejected records of an import as a new one. `NOT_FOUND` when there are none. */
  resubmitRejected(id: string): Promise<ImportRecord>
  /** Forgets an import that nobody works on, with its bytes and its rejected records. */
  remove(id: string): Promise<void>
  /** Removes what is final and old; gives how many. */
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

/** A statement that is to be delivered. */
export interface DeliveredStatement {
  /** JSON on one line. */
  readonly text: string
  /** In lower case; '' where it has none that could be one. */
  readonly id: string
}

export interface DeliveryReport {
  readonly written: number
  readonly already: number
  /** Verdicts on single statements, by their place in the chunk. */
  readonly rejected: readonly { readonly index: number; readonly reason: string }[]
}

/**
 * A destination of imports. What `deliver` rejects with is no verdict on any statement: the chunk is delivered again later,
 * so that it must do no harm to deliver one twice.
 */
export interface ImportHandler {
  /** As `ImportRecord.destination` has it. */
  readonly name: string
  /** Whether it judges statements by the rules of xAPI itself; else the pipeline does. */
  readonly judges: boolean
  /** Statements of a chunk, about. */
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
