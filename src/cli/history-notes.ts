import type { MovedObject } from '../contracts/data-backend.ts'
import { messageOf } from '../errors.ts'
import type { HistoryAction } from '../toolbox/history.ts'
import type { Composition } from './composition.ts'
import type { OpenPlace } from './data-command.ts'

export interface HistoryNotes {
  /** Undefined: the backend keeps no history. */
  readonly note: ((object: MovedObject) => void) | undefined
  /** Resolves when the history is written. If this fails, there is only a warning: the objects were moved. */
  end(): Promise<void>
}

/** Records the objects that a command moves in RALPH_HISTORY_FILE. */
export const openNotes = async (
  { choice, general, log }: OpenPlace,
  { clock }: Composition,
  action: HistoryAction
): Promise<HistoryNotes> => {
  if (!choice.capabilities.history) return { note: undefined, end: async () => {} }
  const { openHistory } = await import('../toolbox/history.ts')
  const history = openHistory({ path: general.historyFile, backend: choice.name, clock })
  return {
    note: (object) => history.add(action, object),
    end: () =>
      history.flush().catch((error: unknown) => {
        const reason = messageOf(error)
        log.warn(`the history was not updated, so "ralph list --new" will show this again: ${reason}`)
      })
  }
}
