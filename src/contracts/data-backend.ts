import type { BackendStatus } from './lrs-backend.ts'
import type { CallOptions } from './statement-store.ts'

/*
 * The data backends of the toolbox: `ralph list`, `read`, `write`, `delete` and `status` work with them. A backend moves either records (a
 * database, another LRS, a stream of messages) or bytes (files, objects).
 */

/**
 * What happens to what is written. The words are those of Python Ralph. For records they mean the same everywhere:
 * - `create`: refused if another record has the id. An equal record that exists already counts as `already`, so an
 *   interrupted copy can be started again.
 * - `index`: replaces the record with the id, or creates it.
 * - `update`: replaces the record with the id, and is refused if there is none.
 * - `delete`: removes the records with these ids. Missing ones count as `already`.
 *
 * For objects: `create` and `index` are refused if the name exists, `update` replaces it, `append` adds to its end.
 */
export type WriteOperation = 'create' | 'index' | 'update' | 'append' | 'delete'

/** What a backend can do, known before it is opened. */
export interface DataCapabilities {
  readonly moves: 'records' | 'bytes'
  readonly list: boolean
  readonly read: boolean
  /** The first is the default. Empty: the backend is read-only. */
  readonly write: readonly WriteOperation[]
  /** For whole objects, or containers of records: `ralph delete`. */
  readonly delete: boolean
  /** Reads and writes are noted in the history: `ralph list --new`. */
  readonly history: boolean
  /** A query says what is read. This describes the query, for the help of `ralph read`. */
  readonly query: string
  /** The meaning of `--target`: `index`, `bucket/key`. */
  readonly target: string
}

/** Something that can be read: a file, an object, an index, a collection. */
export interface Listed {
  /** The argument of `ralph read`. */
  readonly id: string
  /** Its id in the history. Undefined: it is not in the history. */
  readonly historyId?: string
  /** All that is known of it. Dates are ISO 8601, sizes are in bytes. */
  readonly details: { readonly [key: string]: unknown }
}

/** An object that was moved completely: an entry for the history. */
export interface MovedObject {
  readonly historyId: string
  /** In bytes. */
  readonly size: number
  /** For the history, with the keys of Python Ralph, such as `filename`. */
  readonly details?: { readonly [key: string]: unknown }
}

export interface ListOptions extends CallOptions {
  /** Where to look. Undefined: where the settings say. */
  readonly target?: string | undefined
  /** False: only ids are needed. A backend that must ask for the details of each object may leave them out. */
  readonly details?: boolean
}

export interface ReadOptions extends CallOptions {
  readonly target?: string | undefined
  /** Records in each request, or bytes in each chunk. Undefined: the backend decides. */
  readonly chunkSize?: number | undefined
  /** Only the records as they were written, without the fields that the database adds (`_id`, `_source`). */
  readonly bare?: boolean
  /** Called for each item that cannot be read; reading then continues. Undefined: the first one ends it. */
  readonly onError?: ((error: Error) => void) | undefined
  /** Called for each object that was read completely. */
  readonly onObject?: ((object: MovedObject) => void) | undefined
  /** Called with the size of what will be read, in bytes or records, when it is known. */
  readonly onTotal?: ((total: { readonly bytes?: number; readonly records?: number }) => void) | undefined
}

/** One batch of records. */
export interface ReadBatch {
  /** Lines of JSON, without line ends. */
  readonly lines: readonly string[]
  /**
   * Acknowledges the batch. Only a backend that delivers a message until it is acknowledged has it, such as a broker. The reader calls it
   * after its work on all these lines is durable. The backend delivers other batches again, perhaps to another reader: nothing is lost, and
   * a line may be read twice. A call may come after the next batch was read; the calls have the order of the batches.
   */
  readonly done?: () => Promise<void>
}

/** A record as it arrived: one JSON object on one line. */
export interface InputRecord {
  /** From 1. */
  readonly line: number
  /** Its JSON text, without the line end. A record that need not change is passed on as it arrived. */
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
  /** Equal records that existed before. */
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
  /** Removes the item that `list` returned with this id. Rejects with `NOT_FOUND`. */
  delete?(id: string, options: ListOptions): Promise<DeleteReport>
  /** It may be called twice. */
  close(): Promise<void>
}

/**
 * Errors of both kinds: `STORE_UNAVAILABLE` (unreachable), `UNAUTHENTICATED`, `FORBIDDEN`, `NOT_FOUND`, `INVALID_QUERY`, `ALREADY_THERE`.
 * No error of a driver leaves a backend.
 */
export interface RecordsBackend extends Place {
  readonly moves: 'records'
  /**
   * Returns batches as they arrive, and ends when everything was read. A backend that receives messages waits for the next one, until the
   * other side ends the connection or the signal is aborted.
   */
  read?(query: string | undefined, options: ReadOptions): AsyncIterable<ReadBatch>
  /**
   * Writes a batch durably. Records that the backend refuses are reported, the others are written. Rejects if the backend itself fails;
   * then the result of the batch is unknown, and it may be sent again. It may be called concurrently.
   */
  write?(batch: readonly InputRecord[], options: WriteOptions): Promise<BatchReport>
}

export interface BytesBackend extends Place {
  readonly moves: 'bytes'
  /** The names of all containers, which are targets. Only a backend with a query has it. */
  containers?(options: CallOptions): AsyncIterable<string>
  read?(query: string | undefined, options: ReadOptions): AsyncIterable<Uint8Array>
  /** Writes one object durably: completely or not at all (except `append`). */
  write?(content: AsyncIterable<Uint8Array>, options: WriteOptions): Promise<MovedObject>
}

export type DataBackend = RecordsBackend | BytesBackend
