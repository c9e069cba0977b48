import { type Command, Option } from 'commander'
import { type ErrorCode, errorCodes, meaningOf } from '../../errors.ts'
import type { Composition } from '../composition.ts'
import { exitCode } from '../exit-code.ts'

interface Row {
  readonly code: ErrorCode
  readonly http: string
  readonly exit: string
  readonly meaning: string
  readonly advice: string
}

const rowsOf = (errorStatus: Composition['errorStatus']): readonly Row[] => {
  // Object.keys loses the type of the keys.
  const codes = Object.keys(errorCodes) as readonly ErrorCode[]
  return codes.map((code) => ({
    code,
    http: String(errorStatus[code]),
    exit: String(exitCode[code]),
    ...errorCodes[code]
  }))
}

const asText = (rows: readonly Row[]): string => {
  const width = Math.max(...rows.map(({ code }) => code.length))
  const head = { code: 'code', http: 'http', exit: 'exit', meaning: 'meaning' }
  return [head, ...rows]
    .map(({ code, http, exit, meaning }) => `${code.padEnd(width)}  ${http.padEnd(4)}  ${exit.padEnd(4)}  ${meaning}\n`)
    .join('')
}

/** One heading for each error, so that pages can link to it. */
const asMarkdown = (rows: readonly Row[]): string =>
  rows
    .map(
      ({ code, http, exit, advice }) =>
        `### ${code}\n\nHTTP ${http}, exit code ${exit}. ${meaningOf(code)}\n\n${advice}\n`
    )
    .join('\n')

/** `ralph errors`: prints the table of all errors. */
export const declareErrors = (program: Command, { errorStatus }: Composition): void => {
  program
    .command('errors')
    .summary('list all errors')
    .description('Prints every error: its code, its HTTP status, its exit code, its meaning.')
    .addOption(
      new Option('-f, --format <format>', 'markdown also has advice').choices(['text', 'markdown']).default('text')
    )
    .action(({ format }: { readonly format: string }) => {
      const rows = rowsOf(errorStatus)
      process.stdout.write(format === 'markdown' ? asMarkdown(rows) : asText(rows))
    })
}
