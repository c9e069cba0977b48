import type { Command } from 'commander'
import { RalphError } from '../../errors.ts'
import type { Composition } from '../composition.ts'
import { addBackendOptions, type OpenPlace, withPlace } from '../data-command.ts'

interface DeleteFlags {
  readonly backend: string
  readonly target?: string
  readonly yes?: boolean
}

const mostNamed = 5

const questionOf = (name: string, ids: readonly string[]): string => {
  const more = ids.length > mostNamed ? ` and ${ids.length - mostNamed} more` : ''
  return `Delete ${ids.slice(0, mostNamed).join(', ')}${more} of ${name}, and everything in it?`
}

const requireConfirmed = async (
  name: string,
  ids: readonly string[],
  { yes }: DeleteFlags,
  signal: AbortSignal
): Promise<void> => {
  if (yes === true) return
  if (process.stdin.isTTY !== true) {
    throw new RalphError('USAGE', 'there is no terminal to ask for confirmation: add --yes if you are sure')
  }
  const { isConfirmed } = await import('../ask.ts')
  if (!(await isConfirmed(questionOf(name, ids), signal))) {
    throw new RalphError('INTERRUPTED', 'nothing was deleted')
  }
}

/** Each one by itself: if one cannot be deleted, the others still are. */
const deleteAll = async ({ backend, choice, log, signal }: OpenPlace, ids: readonly string[], flags: DeleteFlags) => {
  if (backend.delete === undefined)
    throw new RalphError('INTERNAL', `defect: ${choice.name} declares that it can delete, but cannot`)
  let done = 0
  const failures: string[] = []
  try {
    for (const id of ids) {
      signal.throwIfAborted()
      try {
        await backend.delete(id, { target: flags.target, signal })
        done += 1
        log.info(`${id} is deleted`)
      } catch (error) {
        signal.throwIfAborted()
        if (!(error instanceof RalphError)) throw error
        failures.push(error.message)
      }
    }
  } finally {
    log.info(`delete ${choice.name}: ${done} of ${ids.length} deleted`)
  }
  if (failures.length > 0) throw new RalphError('INVALID_INPUT', failures.join('; '), { failures })
}

/** `ralph delete`: deletes what `ralph list` names. */
export const declareDelete = (program: Command, composition: Composition): void => {
  const command = program
    .command('delete')
    .summary('delete objects or containers of a backend')
    .description(
      'Deletes files, objects, indices or collections by the ids that `ralph list` prints. ' +
        'To delete records, use `ralph write -o delete`.'
    )
    .argument('<ids...>', 'ids to delete')
  addBackendOptions(command, composition, (capabilities) => capabilities.delete)
    .option('-t, --target <target>', 'where it is, instead of where the settings say')
    .option('-y, --yes', 'do not ask for confirmation')
    .action(async (ids: readonly string[], flags: DeleteFlags) => {
      const require = ({ name, capabilities }: OpenPlace['choice']): void => {
        if (!capabilities.delete) throw new RalphError('UNSUPPORTED_OPERATION', `${name} cannot delete`)
      }
      await withPlace(command, composition, { name: flags.backend, require }, async (place) => {
        await requireConfirmed(place.choice.name, ids, flags, place.signal)
        await deleteAll(place, ids, flags)
      })
    })
}
