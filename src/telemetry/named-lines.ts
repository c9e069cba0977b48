import type { Clock } from '../contracts/clock.ts'
import type { Log } from '../contracts/log.ts'
import { logLevels } from '../settings/groups.ts'
import type { Level } from './lines.ts'
import { onOneLine } from './printable.ts'

/** The name of the log, the lowest level that is written, and the clock. */
export interface NamedLogOptions {
  readonly name: string
  readonly level: Level
  readonly clock: Clock
}

const digits = (number: number, count = 2): string => String(number).padStart(count, '0')

/** The form of Python's `logging`, in the time zone of the machine. */
const asTime = (time: Date): string =>
  `${time.getFullYear()}-${digits(time.getMonth() + 1)}-${digits(time.getDate())} ` +
  `${digits(time.getHours())}:${digits(time.getMinutes())}:${digits(time.getSeconds())},${digits(time.getMilliseconds(), 3)}`

/** [2018-12-14 17:20:00,200 INFO LDP Mirror] message */
export const formatNamedLine = (time: Date, level: Level, name: string, message: string): string =>
  `[${asTime(time)} ${level} ${name}] ${onOneLine(message)}\n`

/** A log that passes each message of sufficient level to `write`. */
export const createLog = (
  { level, clock }: Omit<NamedLogOptions, 'name'>,
  write: (time: Date, level: Level, message: string) => void
): Log => {
  const at =
    (own: Level) =>
    (message: string): void => {
      if (logLevels.indexOf(own) <= logLevels.indexOf(level)) write(new Date(clock() / 1000), own, message)
    }
  return { error: at('ERROR'), warn: at('WARNING'), info: at('INFO'), debug: at('DEBUG') }
}

/** The log of a command that runs for ever, on standard output. */
export const createNamedLog = (options: NamedLogOptions): Log =>
  createLog(options, (time, level, message) => {
    process.stdout.write(formatNamedLine(time, level, options.name, message))
  })
