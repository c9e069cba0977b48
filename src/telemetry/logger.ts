import { type DestinationStream, destination, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino'
import { formatLine, type Level } from './lines.ts'
import { printable } from './printable.ts'

export type { Logger } from 'pino'

const pinoLevels = { CRITICAL: 'fatal', ERROR: 'error', WARNING: 'warn', INFO: 'info', DEBUG: 'debug' } as const

const ralphLevels: { readonly [level: string]: Level } = {
  fatal: 'CRITICAL',
  error: 'ERROR',
  warn: 'WARNING',
  info: 'INFO',
  debug: 'DEBUG',
  trace: 'DEBUG'
}

interface Record {
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

/** A path may contain bytes that control a terminal. */
const plain = (text: unknown): string => String(text).replace(/[^\x21-\x7e]/g, '?')

/** A request that was answered, on one line. */
const requestText = ({ method, path, status, user = '-', remote, ms }: Record): string =>
  `${remote} ${user} ${method} ${plain(path)} ${status} ${ms} ms`

/** Turns pino's JSON lines into lines for people, followed by the stack of an error. */
const asText = (stream: DestinationStream): DestinationStream => ({
  write: (line) => {
    // pino wrote it.
    const record = JSON.parse(line) as Record
    const { time, level, msg, err } = record
    const message = [record.path === undefined ? msg : requestText(record), err?.stack ?? err?.message]
      .filter((part) => part !== undefined)
      .join('\n')
    stream.write(formatLine(new Date(String(time)), ralphLevels[String(level)] ?? 'INFO', message))
  }
})

/** JSON may contain bytes that control a terminal, and `docker logs` shows them unchanged. */
const asPrintable = (stream: DestinationStream): DestinationStream => ({
  write: (line) => stream.write(printable(line))
})

const secrets = [
  'password',
  'hash',
  'authorization',
  'cookie',
  '*.password',
  '*.hash',
  '*.authorization',
  '*.cookie',
  '*.headers.authorization',
  '*.headers.cookie'
]

/** The logger of the server, on standard error. `auto` is text on a terminal, otherwise JSON. Credentials are never written. */
export const createLogger = (level: Level, format: 'auto' | 'text' | 'json'): Logger => {
  // Only few requests of a second are logged. So synchronous writing costs little, and loses nothing when the process ends.
  const stream = destination({ dest: 2, sync: true })
  const text = format === 'text' || (format === 'auto' && process.stderr.isTTY)
  const options: LoggerOptions = {
    level: pinoLevels[level],
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secrets, censor: '(not shown)' }
  }
  return pino(options, text ? asText(stream) : asPrintable(stream))
}
