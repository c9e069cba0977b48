import type { Log } from '../contracts/log.ts'
import { logLevels } from '../settings/groups.ts'
import type { LogSettings } from '../settings/settings.ts'
import { isDumbTerminal } from '../settings/sources.ts'
import { printable } from './printable.ts'

export type Level = LogSettings['level']

/** Further lines of a message are indented, so that none of them looks like another message. */
const indented = (message: string): string => message.replace(/\n(?! )/g, '\n    ')

/** 2026-11-21 11:12:08.123 WARNING  message */
export const formatLine = (time: Date, level: Level, message: string): string =>
  `${time.toISOString().replace('T', ' ').replace('Z', '')} ${level.padEnd(8)} ${indented(printable(message))}\n`

/** Clears the progress bar on the line. */
const clearLine = '\r\x1b[K'

/** The log of a command that runs and ends: lines for people, on standard error. */
export const createLineLog = (level: Level): Log => {
  const before = process.stderr.isTTY && !isDumbTerminal() ? clearLine : ''
  const write =
    (own: Level) =>
    (message: string): void => {
      if (logLevels.indexOf(own) > logLevels.indexOf(level)) return
      process.stderr.write(`${before}${formatLine(new Date(), own, message)}`)
    }
  return { error: write('ERROR'), warn: write('WARNING'), info: write('INFO'), debug: write('DEBUG') }
}
