import { type Command, Option } from 'commander'
import { RalphError } from '../../errors.ts'
import { type Version, versions } from '../../xapi/version.ts'

interface SampleFlags {
  readonly count: number
  readonly seed: number
  readonly xapiVersion: Version
}

const wholeNumber =
  (flag: string) =>
  (text: string): number => {
    const number = Number(text)
    if (/^\d+$/.test(text) && Number.isSafeInteger(number)) return number
    throw new RalphError('USAGE', `${flag} ${JSON.stringify(text)} is not a whole number`)
  }

const linesPerWrite = 200

/** `ralph sample`: prints statements such as an LMS sends, one per line. */
export const declareSample = (program: Command): void => {
  program
    .command('sample')
    .summary('print sample statements')
    .description('Prints statements such as an LMS sends, one per line. The same seed gives the same statements.')
    .option('-n, --count <number>', 'number of statements', wholeNumber('--count'), 100)
    .option('--seed <number>', 'which', wholeNumber('--seed'), 1)
    .addOption(new Option('--xapi-version <version>', 'version of xAPI').choices(versions).default('1.0.3'))
    .action(async ({ count, seed, xapiVersion }: SampleFlags) => {
      const { sampleStatements } = await import('../../sample/index.ts')
      const { writeOut } = await import('../write-out.ts')
      await writeOut(
        (function* () {
          let lines = ''
          let pending = 0
          for (const statement of sampleStatements({ count, seed, version: xapiVersion })) {
            lines += `${JSON.stringify(statement)}\n`
            if (++pending < linesPerWrite) continue
            yield lines
            lines = ''
            pending = 0
          }
          if (lines !== '') yield lines
        })()
      )
    })
}
