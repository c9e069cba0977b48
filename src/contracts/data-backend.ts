import type { BackendStatus } from './lrs-backend.ts'
import type { CallOptions } from './statement-store.ts'

/*
 * The toolbox's side of a place where learning records are: what `ralph list`, `read`, `write`, `delete` and `status`
 * work with. A place moves either records (a database, another LRS, a stream of messages) or bytes (files, objects).
 */

/**
 * What happens to what is written. The words are Ralph's; of records they mean the same everywhere:
 * - `create`: refused where another one has the id. A record that is there already, equal, counts as `already`: a copy
 *   that was interrupted can be started again.
 * - `index`: takes the place of the one that has the id.
 * - `update`: as `index`, and refused where none has the id.
 * - `delete`: the records with these ids are taken away; those that are not there count as `already`.
 *
 * Of objects: `create` and `index` are refused where one of the name is there, `update` takes its place, `append` adds
 * to its end.
 */
export type WriteOperation = 'create' | 'index' | 'update' | 'append' | 'delete'

/** What a place can do, known before it is opened. */
export interface DataCapabilities {
  readonly moves: 'records' | 'bytes'
  readonly list: boolean
  readonly read: boolean
  /** The first is the default; none: the place is read-only. */
  readonly write: readonly WriteOperation[]
  /** Of whole objects, or of containers of records: `ralph delete`. */
  readonly delete: boolean
  /** What was read and written is kept in the history: `ralph list --new`. */
  readonly history: boolean
  /** What is read is told by a query: what it is, for the help of `ralph read`. */
  readonly query: string
  /** What `--target` names: `index`, `bucket/key`. */
  readonly target: string
}

/** Something that can be read: a file, an object, an index, a collection. */
export interface Listed {
  /** What `ralph read` takes. */
  readonly id: string
  /** Its id in the history; undefined: there is none. */
  readonly historyId?: string
  /** Everything that is known of it; dates as ISO 8601, sizes in bytes. */
  readonly details: { readonly [key: string]: unknown }
}

/** An object that was moved to its end: an entry for the history. */
export interface MovedObject {
  readonly historyId: string
  /** In bytes. */
  readonly size: number
  /** For the history, as Ralph has it: `filename`. */
  readonly details?: { readonly [key: string]: unknown }
}

export interface ListOptions extends CallOptions {
  /** Where to look; undefined: where the settings say. */
  readonly target?: string | undefined
  /** False: only ids are wanted, and a place that would have to ask for the details of each may leave them out. */
  readonly details?: boolean
}

export interface ReadOptions extends CallOptions {
  readonly target?: string | undefined
  /** Records per request, or bytes per chunk; undefined: what suits the place. */
  readonly chunkSize?: number | undefined
  /** Records only, as they were written, without what the database wraps around them (`_id`, `_source`). */
  readonly bare?: boolean
  /** Goes on after something that cannot be read; each is told here. Undefined: the first one ends it. */
  readonly onError?: ((error: Error) => void) | undefined
  /** Called for each object that was read to its end. */
  readonly onObject?: ((object: MovedObject) => void) | undefined
  /** Called with the size of what will be read, in bytes or records, as soon as it is known. */
  readonly onTotal?: ((total: { readonly bytes?: number; readonly records?: number }) => void) | undefined
}

/** One batch of records. */
export interface ReadBatch {
  /** Lines of JSON, without their ends. */
  readonly lines: readonly string[]
  /**
   * Acknowledges the batch. Only a place that delivers a message until it is acknowledged has it, such as a broker. The
   * reader calls it when its work on all these lines is safe, and not before. The place delivers other batches again,
   * perhaps to another reader: nothing is lost, and a line may be read twice. A call may come after the next batch was
   * read; the calls have the order of the batches.
   */
  readonly done?: () => Promise<void>
}

/** A record as it came: one JSON object on one line. */
export interface InputRecord {
  /** From 1. */
  readonly line: number
  /** Its JSON text, without the end of the line: what need not be changed is passed on as it came. */
  readonly text: string
  readonly value: { readonly [key: string]: unknown }
}

export interface WriteOptions extends CallOptions {
  readonly target?: string | undefined
  readonly operation: WriteOperation
}

/** A record that was not written, and why. */
export interface Rejected {
  readonly record: InputRecord
  readonly reason: string
}

export interface BatchReport {
  readonly written: number
  /** Were there before, equal. */
  readonly already: number
  readonly rejected: readonly Rejected[]
}

export interface DeleteReport {
  /** Objects or records. */
  readonly deleted: number
}

interface Place {
  status(options?: CallOptions): Promise<BackendStatus>
  list?(options: ListOptions): AsyncIterable<Listed>
  /** Takes away what `list` gave the id of. `NOT_FOUND`. */
  delete?(id: string, options: ListOptions): Promise<DeleteReport>
  /** May be called twice. */
  close(): Promise<void>
}

/**
 * Errors of both kinds: `STORE_UNAVAILABLE` (out of reach), `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND` (what is asked
 * for is not there), `INVALID_QUERY`, `ALREADY_THERE`; no driver error leaves a backend.
 */
export interface RecordsBackend extends Place {
  readonly moves: 'records'
  /**
   * Gives batches as they arrive, and ends when everything was read. A place that receives messages waits for the next
   * one, until the other side ends the connection or the signal is aborted.
   */
  read?(query: string | undefined, options: ReadOptions): AsyncIterable<ReadBatch>
  /**
   * Writes a batch durably. Records that the place refuses are reported, the others written; rejects when the place
   * itself fails, and then nothing is known of the batch: it may be sent again. May be called concurrently.
   */
  write?(batch: readonly InputRecord[], options: WriteOptions): Promise<BatchReport>
}

export interface BytesBackend extends Place {
  readonly moves: 'bytes'
  /** The names of all containers, which are targets; only a place that is searched through has it. */
  containers?(options: CallOptions): AsyncIterable<string>
  read?(query: string | undefined, options: ReadOptions): AsyncIterable<Uint8Array>
  /** Writes one object, which is there whole, durably, or not at all (`append` aside). */
  write?(content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<MovedObject>
}

export type DataBackend = RecordsBackend | BytesBackend
