import { type Command, Option } from 'commander'
import type { Listed } from '../../contracts/data-backend.ts'
import { RalphError } from '../../errors.ts'
import { onOneLine } from '../../telemetry/printable.ts'
import type { Composition } from '../composition.ts'
import { addBackendOptions, type OpenPlace, withPlace } from '../data-command.ts'

interface ListFlags {
  readonly backend: string
  readonly target?: string
  readonly new?: boolean
  readonly details?: boolean
}

/** Tells whether an object was read before. Undefined: there is no history. */
const knownIn = async ({ choice, general, log }: OpenPlace): Promise<ReadonlySet<string>> => {
  if (!choice.capabilities.history) {
    log.warn(`${choice.name} has no history: everything is listed`)
    return new Set()
  }
  const { idsInHistory } = await import('../../toolbox/history.ts')
  return idsInHistory(general.historyFile, choice.name, 'read')
}

const list = async (place: OpenPlace, flags: ListFlags): Promise<void> => {
  const { backend, choice, log, signal } = place
  if (backend.list === undefined)
    throw new RalphError('INTERNAL', `defect: ${choice.name} declares that it can list, but cannot`)
  const known = flags.new === true ? await knownIn(place) : new Set<string>()
  const { writeOut } = await import('../write-out.ts')
  const listing = backend.list({ target: flags.target, signal, details: flags.details === true })
  let count = 0
  // A script gets the names unchanged.
  const shown = process.stdout.isTTY === true ? onOneLine : (text: string): string => text
  const lineOf = ({ id, details }: Listed): string => shown(flags.details === true ? JSON.stringify(details) : id)
  const lines = async function* (): AsyncGenerator<string> {
    for await (const listed of listing) {
      if (listed.historyId !== undefined && known.has(listed.historyId)) continue
      count += 1
      yield `${lineOf(listed)}\n`
    }
  }
  await writeOut(lines(), { signal })
  if (count === 0) log.warn(`${choice.name} has nothing${flags.new === true ? ' that was not read before' : ''}`)
}

/** `ralph list`: lists what can be read. */
export const declareList = (program: Command, composition: Composition): void => {
  const command = program
    .command('list')
    .summary('list the contents of a backend')
    .description('Lists the files, objects, indices or collections of a backend, one per line.')
  addBackendOptions(command, composition, ({ list: can }) => can)
    .option('-t, --target <target>', 'where to look, instead of where the settings say')
    .addOption(new Option('-n, --new', 'only what was not read before').conflicts('all'))
    .addOption(new Option('-a, --all', 'everything (default)').conflicts('new'))
    .addOption(new Option('-D, --details', 'all details of each, as JSON').conflicts('ids'))
    .addOption(new Option('-I, --ids', 'only ids, the arguments of `ralph read` (default)').conflicts('details'))
    .action(async (flags: ListFlags) => {
      const require = ({ name, capabilities }: OpenPlace['choice']): void => {
        if (!capabilities.list) throw new RalphError('UNSUPPORTED_OPERATION', `${name} cannot be listed`)
      }
      await withPlace(command, composition, { name: flags.backend, require }, (place) => list(place, flags))
    })
}
