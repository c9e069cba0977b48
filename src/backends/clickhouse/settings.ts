import { timeoutParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { boolean, integer, text } from '../../settings/kinds.ts'
import { clientOptions } from './client-options.ts'

/** Names and defaults are those of Python Ralph 5. */
export const clickhouseParameters = {
  host: parameter('HOST', {
    kind: text,
    default: 'localhost',
    description: 'Host of the ClickHouse server.'
  }),
  port: parameter('PORT', {
    kind: integer(1, 65_535),
    default: 8123,
    description: "Port of the server's HTTP interface."
  }),
  secure: parameter('SECURE', {
    kind: boolean,
    default: false,
    description: 'Whether to use HTTPS. The usual port is then 8443.'
  }),
  database: parameter('DATABASE', {
    kind: text,
    default: 'xapi',
    description: "Database of the tables: the one for statements, and Ralph's own beside it."
  }),
  eventTableName: parameter('EVENT_TABLE_NAME', {
    kind: text,
    default: 'xapi_events_all',
    description: 'Table of the statements. Each target of a user is another table, with the name of the target.'
  }),
  username: parameter('USERNAME', {
    kind: text,
    default: undefined,
    defaultText: 'default',
    description: 'ClickHouse user.'
  }),
  password: parameter('PASSWORD', {
    kind: text,
    default: undefined,
    description: 'Password of the ClickHouse user.',
    secret: true
  }),
  clientOptions: parameter('CLIENT_OPTIONS', {
    kind: clientOptions,
    default: undefined,
    defaultText: 'date_time_input_format=best_effort,allow_experimental_object_type=1',
    description: 'Settings of ClickHouse for every request: key=value, separated by commas, or a JSON object.'
  }),
  dateTimeInputFormat: parameter('CLIENT_OPTIONS__date_time_input_format', {
    kind: text,
    default: undefined,
    description: 'One of the settings of ClickHouse in CLIENT_OPTIONS.'
  }),
  allowExperimentalObjectType: parameter('CLIENT_OPTIONS__allow_experimental_object_type', {
    kind: text,
    default: undefined,
    description: 'One of the settings of ClickHouse in CLIENT_OPTIONS.'
  }),
  idsChunkSize: parameter('IDS_CHUNK_SIZE', {
    kind: integer(1, Number.MAX_SAFE_INTEGER),
    default: undefined,
    description: 'A setting of Python Ralph 5. It is accepted and has no effect here.'
  }),
  timeout: timeoutParameter('ClickHouse'),
  writeDelay: parameter('WRITE_DELAY', {
    kind: integer(0, 1000),
    default: 0,
    description: 'Milliseconds that a write waits for others to share its inserts.'
  })
}

const { idsChunkSize: _ids, writeDelay: _delay, ...shared } = clickhouseParameters

/** The settings for reading and writing records. */
export const clickhouseDataParameters = {
  ...shared,
  database: { ...shared.database, description: 'Database whose tables are listed, read and written.' },
  eventTableName: {
    ...shared.eventTableName,
    description: 'Table that is read and written when the command names no target.'
  }
}
