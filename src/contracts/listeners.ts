import type { Log } from './log.ts'

/*
 * `ralph listen`: a message broker announces data, a data store and a metadata store give it, handlers work on it, and a
 * database keeps what became of each message. The four topics of document 002 are each met by a module of the user's, too:
 * its names are those of that document.
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
  /** A media type, as the message says. */
  readonly type: string
  readonly data_location: string
  readonly meta_location: string
  /** The whole message, unknown fields included. */
  readonly body: ConfigBlock
}

/** What of a message goes into its row; of one that is broken, what could be found. */
export type MessageRow = Pick<ListenerMessage, 'uuid'> & Partial<Omit<ListenerMessage, 'uuid' | 'body'>>

export interface ConnectorContext {
  readonly log: Log
  readonly signal: AbortSignal
}

/** The module of a data store exports this. */
export interface DataStore {
  /**
   * Gives the path of a file with the data. What lies in `directory` is removed after processing, anything else is left
   * alone. It throws when the data is not there (yet): that is tried again.
   */
  download_to_disk(
    config: ConfigBlock,
    reference: string,
    context: ConnectorContext & { readonly directory: string }
  ): Promise<string>
}

/** The module of a metadata store exports this. */
export interface MetadataStore {
  /** It throws when there is none (yet): that is tried again. */
  fetch_metadata(config: ConfigBlock, reference: string, context: ConnectorContext): Promise<ConfigBlock>
}

/** A row, by its columns. */
export type QueryRow = Readonly<Record<string, unknown>>

export interface QueryValues {
  readonly [name: string]: unknown
}

/** What handlers have of a database. */
export interface HandlerQueries {
  /** Placeholders are `%(name)s` or `:name`. The rows of the last statement; null: it gives none. */
  execute_query(query: string, values?: QueryValues): Promise<readonly QueryRow[] | null>
  execute_script(path: string, values?: QueryValues): Promise<readonly QueryRow[] | null>
}

export interface ListenerDatabase extends HandlerQueries {
  /** Tests the connection and runs the `init` script. */
  initialize_database(): Promise<void>
  /** Resolves when the row is durable. */
  update_message(message: MessageRow, status: MessageStatus, info?: string): Promise<void>
  /** What became of a message so far; undefined: it is not known. A module need not have it. */
  message_status?(uuid: string): Promise<MessageStatus | undefined>
  close?(): Promise<void>
}

/** The module of a database exports this as `Database`. */
export type DatabaseClass = new (config: ConfigBlock) => ListenerDatabase

/** What a broker delivers. */
export interface Delivered {
  /** An object, or the text or bytes of one in JSON. */
  readonly body: unknown
  /** From 1; a retried message counts up. */
  readonly attempt?: number
  /** The handlers that are still to work on it; undefined: all. */
  readonly handlers?: readonly string[] | undefined
  /** The handlers that have failed for good in an earlier attempt. */
  readonly failed?: readonly string[] | undefined
}

export interface DeadLetter {
  /** Undefined: the message never got to a handler. */
  readonly handler?: string
  readonly reason: string
}

/** What the broker is to do before it acknowledges the message. */
export interface Verdict {
  readonly status: MessageStatus
  /** Deliver it again after so many seconds, to these handlers. */
  readonly retry?: Required<Pick<Delivered, 'handlers' | 'failed'>> & { readonly seconds: number }
  readonly deadLetters: readonly DeadLetter[]
}

/**
 * Resolves when the row of the message is durable and all handlers have ended: only then may it be acknowledged. Rejects
 * when nothing could be kept: the message is then to be delivered again.
 */
export type ProcessMessage = (message: Delivered) => Promise<Verdict>

/** Each of the two is called once, and sees to its connection itself: it resolves when the listener is closed. */
export interface Listener {
  listen_exchange(callback: ProcessMessage): Promise<void>
  listen_queue(callback: ProcessMessage, routing_key?: string): Promise<void>
  /** Takes no more messages, waits for those under way, and lets go of the broker. */
  close?(): Promise<void>
}

/** The module of a broker exports this as `Listener`. */
export type ListenerClass = new (
  config: ConfigBlock,
  process_message: ProcessMessage,
  context: ConnectorContext
) => Listener

/** What a handler has of the LRS. */
export interface HandlerLrs {
  /** Stores statements; resolves with what became of them. */
  store(statements: readonly ConfigBlock[]): Promise<{ readonly written: number; readonly already: number }>
}
