import { type DestinationStream, destination, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino'
import { formatLine, type Level } from './lines.ts'
import { printable } from './printable.ts'
import { readRecord } from './records.ts'

export type { Logger } from 'pino'

const pinoLevels = { CRITICAL: 'fatal', ERROR: 'error', WARNING: 'warn', INFO: 'info', DEBUG: 'debug' } as const

/** Turns pino's JSON lines into lines for people, followed by the stack of an error. */
const asText = (stream: DestinationStream): DestinationStream => ({
  write: (line) => {
    const { time, level, message } = readRecord(line)
    stream.write(formatLine(time, level, message))
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

/** Takes the lines of a log, as pino wrote them. */
export type Sink = (line: string) => void

export interface ServerLog {
  readonly logger: Logger
  /** Gives every further line to this sink too, until the returned function is called. */
  attach(sink: Sink): () => void
}

/** The logger of the server, on standard error. `auto` is text on a terminal, otherwise JSON. Credentials are never written. */
export const createServerLog = (level: Level, format: 'auto' | 'text' | 'json'): ServerLog => {
  // Only few requests of a second are logged. So synchronous writing costs little, and loses nothing when the process ends.
  const stream = destination({ dest: 2, sync: true })
  const text = format === 'text' || (format === 'auto' && process.stderr.isTTY)
  const sinks = new Set<Sink>()
  const own = text ? asText(stream) : asPrintable(stream)
  const options: LoggerOptions = {
    level: pinoLevels[level],
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact: { paths: secrets, censor: '(not shown)' }
  }
  const logger = pino(options, {
    write: (line) => {
      own.write(line)
      for (const sink of sinks) sink(line)
    }
  })
  return {
    logger,
    attach: (sink) => {
      sinks.add(sink)
      return () => sinks.delete(sink)
    }
  }
}
