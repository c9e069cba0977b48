import type { Command } from 'commander'
import { type ErrorCode, errorCodes } from '../../errors.ts'
import type { Composition } from '../composition.ts'
import { exitCode } from '../exit-code.ts'

/** `ralph errors`: the table of all errors. */
export const declareErrors = (program: Command, { errorStatus }: Composition): void => {
  program
    .command('errors')
    .summary('list all errors')
    .description('Prints every error: its code, its HTTP status, the exit code of commands, what it means.')
    .action(() => {
      // Object.keys forgets that these are the keys of the table.
      const codes = Object.keys(errorCodes) as readonly ErrorCode[]
      const width = Math.max(...codes.map((code) => code.length))
      process.stdout.write(`${'code'.padEnd(width)}  http  exit  meaning\n`)
      for (const code of codes) {
        process.stdout.write(
          `${code.padEnd(width)}  ${String(errorStatus[code]).padEnd(4)}  ${String(exitCode[code]).padEnd(4)}  ${errorCodes[code]}\n`
        )
      }
    })
}
