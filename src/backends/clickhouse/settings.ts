import { timeoutParameter } from '../../network/time-limit.ts'
import { parameter } from '../../settings/define.ts'
import { boolean, integer, text } from '../../settings/kinds.ts'
import { clientOptions } from './client-options.ts'

/** Names and defaults are those of Ralph 5. */
export const clickhouseParameters = {
  host: parameter('HOST', {
    kind: text,
    default: 'localhost',
    description: 'Where the ClickHouse server is.'
  }),
  port: parameter('PORT', {
    kind: integer(1, 65_535),
    default: 8123,
    description: "Port of the server's HTTP interface."
  }),
  secure: parameter('SECURE', {
    kind: boolean,
    default: false,
    description: 'Speak HTTPS with the server (its port is 8443 then, unless it was configured otherwise).'
  }),
  database: parameter('DATABASE', {
    kind: text,
    default: 'xapi',
    description: "Database of the tables: the one for statements, and Ralph's own beside it."
  }),
  eventTableName: parameter('EVENT_TABLE_NAME', {
    kind: text,
    default: 'xapi_events_all',
    description: 'Table of the statements; a user with a target has a table of that name.'
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
    description: 'Of Ralph 5: taken, and of no consequence here.'
  }),
  timeout: timeoutParameter('ClickHouse'),
  writeDelay: parameter('WRITE_DELAY', {
    kind: integer(0, 1000),
    default: 0,
    description: 'Milliseconds for which a request that writes waits for others to share its inserts.'
  })
}

const { idsChunkSize: _ids, writeDelay: _delay, ...shared } = clickhouseParameters

/** In the role of a place to read from and to write to. */
export const clickhouseDataParameters = {
  ...shared,
  database: { ...shared.database, description: 'Database whose tables are listed, read and written.' },
  eventTableName: {
    ...shared.eventTableName,
    description: 'Table that is read and written when the command names no target.'
  }
}
