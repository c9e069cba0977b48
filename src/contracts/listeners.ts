import type { Log } from './log.ts'

/*
 * `ralph listen`: a message broker announces data, a data store and a metadata store provide it, handlers process it, and a
 * database keeps the status of each message. Users can provide their own module for each of these. The names are those of
 * document 002.
 */

/** A block of the configuration, as it is written. */
export interface ConfigBlock {
  readonly [key: string]: unknown
}

export type MessageStatus = 'VALIDATING' | 'QUERYING' | 'PROCESSING' | 'DONE' | 'RETRY' | 'FAILED' | 'SKIPPED'

/** A message whose fields were found. */
export interface ListenerMessage {
  /** In lower case. */
  readonly uuid: string
  /** A media type, as given in the message. */
  readonly type: string
  readonly data_location: string
  readonly meta_location: string
  /** The whole message, unknown fields included. */
  readonly body: ConfigBlock
}

/** The part of a message that is stored in its row. For a malformed message, the fields that were found. */
export type MessageRow = Pick<ListenerMessage, 'uuid'> & Partial<Omit<ListenerMessage, 'uuid' | 'body'>>

export interface ConnectorContext {
  readonly log: Log
  readonly signal: AbortSignal
}

/** The module of a data store exports this. */
export interface DataStore {
  /**
   * Resolves with the path of a file with the data. Ralph then empties `directory` and nothing else. It throws if the data is not
   * there (yet); then it is tried again.
   */
  download_to_disk(
    config: ConfigBlock,
    reference: string,
    context: ConnectorContext & { readonly directory: string }
  ): Promise<string>
}

/** The module of a metadata store exports this. */
export interface MetadataStore {
  /** It throws if there is none (yet); then it is tried again. */
  fetch_metadata(config: ConfigBlock, reference: string, context: ConnectorContext): Promise<ConfigBlock>
}

/** A row, by its columns. */
export type QueryRow = Readonly<Record<string, unknown>>

export interface QueryValues {
  readonly [name: string]: unknown
}

/** What handlers can use of a database. */
export interface HandlerQueries {
  /** Placeholders are `%(name)s` or `:name`. Resolves with the rows of the last statement. Null: it has no result. */
  execute_query(query: string, values?: QueryValues): Promise<readonly QueryRow[] | null>
  execute_script(path: string, values?: QueryValues): Promise<readonly QueryRow[] | null>
}

export interface ListenerDatabase extends HandlerQueries {
  /** Tests the connection and runs the `init` script. */
  initialize_database(): Promise<void>
  /** Resolves when the row is durable. */
  update_message(message: MessageRow, status: MessageStatus, info?: string): Promise<void>
  /** The present status of a message. Undefined: unknown. Optional for a module. */
  message_status?(uuid: string): Promise<MessageStatus | undefined>
  close?(): Promise<void>
}

/** The module of a database exports this as `Database`. */
export type DatabaseClass = new (config: ConfigBlock) => ListenerDatabase

/** What a broker delivers. */
export interface Delivered {
  /** An object, or the text or bytes of one in JSON. */
  readonly body: unknown
  /** From 1. It increases with each retry. */
  readonly attempt?: number
  /** The handlers that still have to process it. Undefined: all. */
  readonly handlers?: readonly string[] | undefined
  /** The handlers that failed for good in earlier attempts. */
  readonly failed?: readonly string[] | undefined
}

export interface DeadLetter {
  /** Undefined: the message reached no handler. */
  readonly handler?: string
  readonly reason: string
}

/** What the broker must do before it acknowledges the message. */
export interface Verdict {
  readonly status: MessageStatus
  /** Deliver it again after this many seconds, to these handlers. */
  readonly retry?: Required<Pick<Delivered, 'handlers' | 'failed'>> & { readonly seconds: number }
  readonly deadLetters: readonly DeadLetter[]
}

/**
 * Resolves when the row of the message is durable and all handlers have ended: only then may the message be acknowledged. Rejects
 * if nothing could be stored: then the message must be delivered again.
 */
export type ProcessMessage = (message: Delivered) => Promise<Verdict>

/** Each of the two is called once. It manages its own connection and resolves when the listener is closed. */
export interface Listener {
  listen_exchange(callback: ProcessMessage): Promise<void>
  listen_queue(callback: ProcessMessage, routing_key?: string): Promise<void>
  /** Takes no more messages, waits for running ones, and disconnects from the broker. */
  close?(): Promise<void>
}

/** The module of a broker exports this as `Listener`. */
export type ListenerClass = new (
  config: ConfigBlock,
  process_message: ProcessMessage,
  context: ConnectorContext
) => Listener

/** What a handler can use of the LRS. */
export interface HandlerLrs {
  /** Stores statements. Resolves with the result. */
  store(statements: readonly ConfigBlock[]): Promise<{ readonly written: number; readonly already: number }>
}
