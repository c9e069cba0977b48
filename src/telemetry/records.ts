import type { Level } from './lines.ts'

const ralphLevels: { readonly [level: string]: Level } = {
  fatal: 'CRITICAL',
  error: 'ERROR',
  warn: 'WARNING',
  info: 'INFO',
  debug: 'DEBUG',
  trace: 'DEBUG'
}

/** A line of pino, read again. */
interface PinoRecord {
  readonly time?: unknown
  readonly level?: unknown
  readonly msg?: unknown
  readonly method?: unknown
  readonly path?: unknown
  readonly status?: unknown
  readonly user?: unknown
  readonly remote?: unknown
  readonly ms?: unknown
  readonly err?: { readonly message?: unknown; readonly stack?: unknown }
}

/** A line of the log of the server, for people and for programs. */
export interface LogRecord {
  readonly time: Date
  readonly level: Level
  /** The stack of an error follows on further lines. */
  readonly message: string
  /** Everything else that the line says, as texts. */
  readonly details: Readonly<Record<string, string>>
}

/** A path may contain bytes that control a terminal. */
const plain = (text: unknown): string => String(text).replace(/[^\x21-\x7e]/g, '?')

/** A request that was answered, on one line. */
const requestText = ({ method, path, status, user = '-', remote, ms }: PinoRecord): string =>
  `${remote} ${user} ${method} ${plain(path)} ${status} ${ms} ms`

const textOf = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

const detailsOf = ({ time: _t, level: _l, msg: _m, err: _e, ...others }: PinoRecord): LogRecord['details'] =>
  Object.fromEntries(Object.entries(others).map(([name, value]) => [name, textOf(value)]))

/** Reads a line that pino wrote. */
export const readRecord = (line: string): LogRecord => {
  // pino wrote it.
  const record = JSON.parse(line) as PinoRecord
  const { time, level, msg, err } = record
  const message = [record.path === undefined ? msg : requestText(record), err?.stack ?? err?.message]
    .filter((part) => part !== undefined)
    .join('\n')
  return {
    time: new Date(String(time)),
    level: ralphLevels[String(level)] ?? 'INFO',
    message,
    details: detailsOf(record)
  }
}

/** The numbers of syslog, which GELF has too. */
export const severities: { readonly [level in Level]: number } = {
  CRITICAL: 2,
  ERROR: 3,
  WARNING: 4,
  INFO: 6,
  DEBUG: 7
}
