import type { Command } from 'commander'
import { RalphError } from '../../errors.ts'
import { loadRejectedDirectory } from '../../settings/load.ts'
import { printable } from '../../telemetry/printable.ts'
import type { KeptRequest } from '../../telemetry/rejected-requests.ts'
import { settingsOf } from '../command-settings.ts'
import type { Composition } from '../composition.ts'
import { formatBytes } from '../progress.ts'

interface RejectedFlags {
  readonly directory?: string
  readonly json?: boolean
}

const directoryOption = [
  '--directory <directory>',
  'directory of rejected requests [RALPH_LRS_REJECTED_REQUESTS_DIRECTORY]'
] as const

const directoryOf = (command: Command, composition: Composition): string => {
  const { directory } = command.optsWithGlobals<RejectedFlags>()
  const { sources } = settingsOf(command, composition, { RALPH_LRS_REJECTED_REQUESTS_DIRECTORY: directory })
  const found = loadRejectedDirectory(sources)
  if (found !== undefined) return found
  throw new RalphError(
    'USAGE',
    'rejected requests are not kept: set RALPH_LRS_REJECTED_REQUESTS_DIRECTORY for the server, or use --directory'
  )
}

const lineOf = ({ id, time, username, bytes, error, message }: KeptRequest): string =>
  `${id}  ${time}  ${username}  ${formatBytes(bytes)}  ${error}: ${message.replaceAll('\n', ' ')}\n`

/** `ralph rejected`: requests to store statements that the server has rejected and kept. */
export const declareRejected = (program: Command, composition: Composition): void => {
  const rejected = program
    .command('rejected')
    .summary('list, show and remove the requests that the server rejected')
    .description(
      'Lists the requests to store statements that were rejected, oldest first, with the reasons. A server keeps them when ' +
        'RALPH_LRS_REJECTED_REQUESTS_DIRECTORY is set.'
    )
    .helpCommand(false)
    .option(...directoryOption)
    .option('--json', 'all details of each, one JSON object on each line')
    .action(async (flags: RejectedFlags, command: Command) => {
      const directory = directoryOf(command, composition)
      const { listRejectedRequests } = await import('../../telemetry/rejected-requests.ts')
      for await (const each of listRejectedRequests(directory)) {
        process.stdout.write(printable(flags.json === true ? `${JSON.stringify(each)}\n` : lineOf(each)))
      }
    })
  rejected
    .command('show <id>')
    .summary('print the request as it was sent, byte for byte')
    .option(...directoryOption)
    .action(async (id: string, _, command: Command) => {
      const { readRejectedBody } = await import('../../telemetry/rejected-requests.ts')
      process.stdout.write(await readRejectedBody(directoryOf(command, composition), id))
    })
  rejected
    .command('remove <id...>')
    .summary('remove requests')
    .option(...directoryOption)
    .action(async (ids: readonly string[], _, command: Command) => {
      const { removeRejected } = await import('../../telemetry/rejected-requests.ts')
      const directory = directoryOf(command, composition)
      for (const id of ids) await removeRejected(directory, id)
    })
}
