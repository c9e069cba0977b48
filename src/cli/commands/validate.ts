import { type Command, Option } from 'commander'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { type Profile, profiles } from '../../validation/profile-names.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { addFilterOptions, type Filter, type FilterFlags, runFilter } from '../filter-command.ts'

interface ValidateFlags extends FilterFlags {
  readonly format: 'edx' | 'xapi'
  readonly profile?: Profile
}

/** Each further thread costs 30 MB, and all of Ralph is to stay below 150. */
const mostJobs = 2

/**
 * 64 MiB: half a second for one thread. Measured: another one, which has its code to warm up first, slows shorter inputs
 * down. Where the size is known, threads are started before anything is read.
 */
const long = 2 ** 26

const validate = (files: readonly string[], flags: ValidateFlags, log: Log): Promise<void> => {
  const { format, profile } = flags
  const load = async (): Promise<Filter> => {
    const { validateRecords } = await import('../../toolbox/validate.ts')
    return (chunks, size, request) =>
      validateRecords(chunks, { format, profile, startAfter: (size ?? 0) >= long ? 0 : long, ...request })
  }
  return runFilter({ name: 'validate', mostJobs, log, load }, files, flags)
}

/** `ralph validate`: lets through what is valid. */
export const declareValidate = (program: Command, composition: Composition): void => {
  const command = program
    .command('validate')
    .summary('let valid events or statements through')
    .description(
      'Reads events of edX or xAPI statements, one JSON object per line, and prints the valid ones as they came.'
    )
    .argument('[files...]', 'what to validate, of a directory all files; - or none: standard input')
    .addOption(new Option('-f, --format <format>', 'what they are').choices(['edx', 'xapi']).makeOptionMandatory())
    .addOption(new Option('--profile <name>', 'an xAPI profile of which statements must be').choices(profiles))
  addFilterOptions(command, {
    ignoreErrors: 'go on after lines that are not valid',
    failOnUnknown: 'stop at a line that no model is for, which is else left out',
    report: 'write what is not valid there, with line and problems, and go on',
    jobs: `threads at most, for long inputs (default: one per processor, at most ${mostJobs})`,
    maxLineBytes: 'a longer line is not valid'
  }).action(async (files: readonly string[], flags: ValidateFlags) => {
    if (flags.profile !== undefined && flags.format !== 'xapi') {
      throw new RalphError('USAGE', '--profile is for -f xapi: events of edX have no profile')
    }
    const { log } = settingsOf(command, composition)
    await validate(files, flags, log)
  })
}
