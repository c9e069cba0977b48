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

/** Each further thread costs 30 MB, and Ralph must stay below 150 MB. */
const mostJobs = 2

/**
 * 64 MiB, half a second for one thread. Measured: for shorter inputs a second thread makes it slower, because its code is not
 * warm. If the size is known, threads are started before anything is read.
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

/** `ralph validate`: passes valid lines through. */
export const declareValidate = (program: Command, composition: Composition): void => {
  const command = program
    .command('validate')
    .summary('pass valid events or statements through')
    .description(
      'Reads events of edX or xAPI statements, one JSON object per line, and prints the valid ones unchanged.'
    )
    .argument('[files...]', 'files to validate, or directories of files; - or none: standard input')
    .addOption(new Option('-f, --format <format>', 'type of the input').choices(['edx', 'xapi']).makeOptionMandatory())
    .addOption(new Option('--profile <name>', 'xAPI profile that statements must follow').choices(profiles))
  addFilterOptions(command, {
    ignoreErrors: 'continue after invalid lines',
    failOnUnknown: 'stop at a line without a model; otherwise such lines are left out',
    report: 'write invalid lines to this file, with line number and problems, and continue',
    jobs: `most threads, for long inputs (default: one per processor, at most ${mostJobs})`,
    maxLineBytes: 'longer lines are invalid'
  }).action(async (files: readonly string[], flags: ValidateFlags) => {
    if (flags.profile !== undefined && flags.format !== 'xapi') {
      throw new RalphError('USAGE', '--profile needs -f xapi: events of edX have no profile')
    }
    const { log } = settingsOf(command, composition)
    await validate(files, flags, log)
  })
}
