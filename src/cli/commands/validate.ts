import { availableParallelism } from 'node:os'
import { type Command, Option } from 'commander'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { integer, size } from '../../settings/kinds.ts'
import { defaultMaxLineBytes } from '../../streams/lines.ts'
import { type Profile, profiles } from '../../validation/profile-names.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { flagOf } from '../flag-kinds.ts'
import { interruptible } from '../interruption.ts'

interface ValidateFlags {
  readonly format: 'edx' | 'xapi'
  readonly profile?: Profile
  readonly ignoreErrors?: boolean
  readonly failOnUnknown?: boolean
  readonly report?: string
  readonly progress: boolean
  readonly jobs?: number
  readonly maxLineBytes?: number
}

/** Each further thread costs 30 MB, and all of Ralph is to stay below 150. */
const mostJobs = 2

/**
 * 64 MiB: half a second for one thread. Measured: another one, which has its code to warm up first, slows shorter inputs
 * down. Where the size is known, threads are started before anything is read.
 */
const long = 2 ** 26

const validate = async (file: string | undefined, flags: ValidateFlags, log: Log): Promise<void> => {
  const [
    { validateRecords },
    { formatReject },
    { openInput },
    { startProgress },
    { tellRefusedLines },
    { openReport },
    { writeOut }
  ] = await Promise.all([
    import('../../toolbox/validate.ts'),
    import('../../toolbox/reject-report.ts'),
    import('../input.ts'),
    import('../progress.ts'),
    import('../refused-lines.ts'),
    import('../report-file.ts'),
    import('../write-out.ts')
  ])
  await interruptible(async (signal) => {
    // A line that ends the command ends the reading too: what stands at the other end of a pipe may never say more.
    const ended = new AbortController()
    const input = await openInput(file, AbortSignal.any([signal, ended.signal]))
    const report = flags.report === undefined ? undefined : openReport(flags.report)
    const done = { total: 0, invalid: 0 }
    const refusedLines = tellRefusedLines(log)
    const progress = startProgress('validate', { enabled: flags.progress, log })
    if (input.size !== undefined) progress.total({ bytes: input.size })
    try {
      const valid = validateRecords(input.chunks, {
        format: flags.format,
        profile: flags.profile,
        startAfter: (input.size ?? 0) >= long ? 0 : long,
        maxLineBytes: flags.maxLineBytes ?? defaultMaxLineBytes,
        stopAtInvalid: flags.ignoreErrors !== true && report === undefined,
        stopAtUnknown: flags.failOnUnknown === true,
        jobs: flags.jobs ?? Math.min(availableParallelism(), mostJobs),
        progress: done,
        onRefused: ({ problems, unknown, ...refused }, isLast) => {
          // What ends the command is said by its error.
          if (!isLast) refusedLines.tell(refused.line, refused.reason, unknown)
          report?.add(formatReject(refused, problems))
        },
        onProgress: (more) => progress.add(more)
      })
      await writeOut(valid, { signal })
    } finally {
      ended.abort()
      refusedLines.end()
      progress.end()
      log.info(`Total events: ${done.total}, Invalid events: ${done.invalid}`)
      report?.close()
    }
  })
}

/** `ralph validate`: lets through what is valid. */
export const declareValidate = (program: Command, composition: Composition): void => {
  const command = program
    .command('validate')
    .summary('let valid events or statements through')
    .description(
      'Reads events of edX or xAPI statements, one JSON object per line, and prints the valid ones as they came.'
    )
    .argument('[file]', 'what to validate; - or none: standard input')
    .addOption(new Option('-f, --format <format>', 'what they are').choices(['edx', 'xapi']).makeOptionMandatory())
    .addOption(new Option('--profile <name>', 'an xAPI profile of which statements must be').choices(profiles))
    .option('-I, --ignore-errors', 'go on after lines that are not valid')
    .option('-F, --fail-on-unknown', 'stop at a line that no model is for, which is else left out')
    .option('--report <file>', 'write what is not valid there, with line and problems, and go on')
    .option('--no-progress', 'do not show how far it is')
    .option(
      '--jobs <number>',
      `threads at most, for long inputs (default: one per processor, at most ${mostJobs})`,
      flagOf('--jobs', integer(1, 64))
    )
    .option(
      '--max-line-bytes <size>',
      'a longer line is not valid (default: 16MiB)',
      flagOf('--max-line-bytes', size(1, 2 ** 29))
    )
    .action(async (file: string | undefined, flags: ValidateFlags) => {
      if (flags.profile !== undefined && flags.format !== 'xapi') {
        throw new RalphError('USAGE', '--profile is for -f xapi: events of edX have no profile')
      }
      const { log } = settingsOf(command, composition)
      await validate(file, flags, log)
    })
}
