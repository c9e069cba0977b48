import { type DestinationStream, destination, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino'
import { formatLine, type Level } from './lines.ts'

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
  readonly err?: { readonly message?: unknown; readonly stack?: unknown }
}

/** Turns pino's JSON lines into lines for a person; the stack of an error follows it. */
const asText = (stream: DestinationStream): DestinationStream => ({
  write: (line) => {
    // pino wrote it.
    const { time, level, msg, err } = JSON.parse(line) as Record
    const message = [msg, err?.stack ?? err?.message].filter((part) => part !== undefined).join('\n')
    stream.write(formatLine(new Date(String(time)), ralphLevels[String(level)] ?? 'INFO', message))
  }
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

/** The server's logger, to standard error; `auto` is text on a terminal. Credentials are never written. */
export const createLogger = (level: Level, format: 'auto' | 'text' | 'json'): Logger => {
  // Nothing is logged per request, so writing at once costs nothing and loses nothing when the process ends.
  const stream = destination({ dest: 2, sync: true })
  const text = format === 'text' || (format === 'auto' && process.stderr.isTTY)
  const options: LoggerOptions = {
    level: pinoLevels[level],
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secrets, censor: '(not shown)' }
  }
  return pino(options, text ? asText(stream) : stream)
}
