import type { ClientOptions } from './client-options.ts'

export interface ServerAddress {
  /** Without a path. */
  readonly url: string
  readonly username?: string | undefined
  readonly password?: string | undefined
}

export interface ClickhouseOptions {
  readonly host: string
  readonly port: number
  readonly secure?: boolean
  readonly database: string
  readonly eventTableName: string
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** Settings of ClickHouse for every request. If none is given, those of document 000 that the server knows. */
  readonly clientOptions?: ClientOptions | undefined
  readonly dateTimeInputFormat?: string | undefined
  readonly allowExperimentalObjectType?: string | undefined
  /** Milliseconds that a request may take without an answer. The default is 10,000. */
  readonly timeout?: number
  /** Milliseconds. */
  readonly writeDelay?: number
  /** The times of the writer of a database. Tests set shorter ones. */
  readonly writer?: WriterTimes
}

/** Milliseconds. */
export interface WriterTimes {
  /** Between two signs of life. */
  readonly beat: number
  /** A writer without a sign of life for this long is dead. */
  readonly timeToLive: number
}

export const addressOf = ({ host, port, secure, username, password }: ClickhouseOptions): ServerAddress => ({
  url: `${secure === true ? 'https' : 'http'}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`,
  username,
  password
})

/** Undefined when the settings name no option. If they name one, it replaces all defaults (document 000). */
export const clientOptionsOf = (options: ClickhouseOptions): ClientOptions | undefined => {
  const { clientOptions, dateTimeInputFormat, allowExperimentalObjectType } = options
  const single = {
    ...(dateTimeInputFormat === undefined ? {} : { date_time_input_format: dateTimeInputFormat }),
    ...(allowExperimentalObjectType === undefined
      ? {}
      : { allow_experimental_object_type: allowExperimentalObjectType })
  }
  return clientOptions === undefined && Object.keys(single).length === 0 ? undefined : { ...clientOptions, ...single }
}

/** Quotes any identifier. */
export const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

/** Our tables, quoted and with their database. No target has such a name, because its name contains no `$`. */
export interface TableNames {
  readonly statement: string
  readonly entry: string
  readonly change: string
  readonly description: string
  readonly attachment: string
  readonly document: string
  readonly store: string
  readonly writer: string
  readonly migration: string
}

export const tableNamesIn = (database: string): TableNames => {
  const table = (name: string): string => `${quoted(database)}.${quoted(`lrs$${name}`)}`
  return {
    statement: table('statement'),
    entry: table('entry'),
    change: table('change'),
    description: table('description'),
    attachment: table('attachment'),
    document: table('document'),
    store: table('store'),
    writer: table('writer'),
    migration: table('migration')
  }
}

/** The table of document 001, word for word. */
export const eventTableDefinition = (table: string): string =>
  `CREATE TABLE ${table} (
  event_id UUID NOT NULL,
  emission_time DateTime64(6) NOT NULL,
  event String NOT NULL
)
ENGINE MergeTree ORDER BY (emission_time, event_id)
PRIMARY KEY (emission_time, event_id)`
