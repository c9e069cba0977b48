import { setImmediate as turn } from 'node:timers/promises'
import type { MessageRow, MessageStatus } from '../../contracts/listeners.ts'

export interface MessageUpdate {
  readonly message: MessageRow
  readonly status: MessageStatus
  readonly info: string | undefined
}

interface Waiting {
  readonly update: MessageUpdate
  readonly resolves: readonly (() => void)[]
  readonly rejects: readonly ((error: unknown) => void)[]
}

const mostAtOnce = 500

/** Milliseconds until it is written that a message is under way: most of them have ended by then. */
const notesAfter = 500

const isNote = ({ status }: MessageUpdate): boolean =>
  status === 'VALIDATING' || status === 'QUERYING' || status === 'PROCESSING'

export interface MessageWriter {
  /** Resolves when this update, or a later one of the same message, is durable. */
  update(update: MessageUpdate): Promise<void>
  /** When nothing is under way. */
  settled(): Promise<void>
}

/**
 * Writes the rows of messages together: what comes while one write is under way goes with the next one. Of a message the
 * latest status is written; that it is under way only when it has been so for a while.
 */
export const createMessageWriter = (write: (updates: readonly MessageUpdate[]) => Promise<void>): MessageWriter => {
  const ends = new Map<string, Waiting>()
  const notes = new Map<string, Waiting>()
  let working: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  const writeSome = async (waiting: Map<string, Waiting>): Promise<void> => {
    const taken = [...waiting].slice(0, mostAtOnce)
    for (const [uuid] of taken) waiting.delete(uuid)
    try {
      await write(taken.map(([, { update }]) => update))
      for (const [, { resolves }] of taken) for (const resolve of resolves) resolve()
    } catch (error) {
      for (const [, { rejects }] of taken) for (const reject of rejects) reject(error)
    }
  }

  /** One write at a time, so that a row gets its statuses in their order. */
  const work = async (): Promise<void> => {
    // What comes in the same moment goes together.
    await turn()
    while (ends.size > 0 || (timer === undefined && notes.size > 0)) await writeSome(ends.size > 0 ? ends : notes)
    working = undefined
  }

  const writeNotes = (): void => {
    clearTimeout(timer)
    timer = undefined
    if (notes.size > 0) working ??= work()
  }

  return {
    update: (update) =>
      new Promise<void>((resolve, reject) => {
        const { uuid } = update.message
        const waiting = isNote(update) ? notes : ends
        const before = [waiting.get(uuid), notes.get(uuid)].filter((each) => each !== undefined)
        if (waiting === ends) notes.delete(uuid)
        waiting.set(uuid, {
          update,
          resolves: [...before.flatMap(({ resolves }) => resolves), resolve],
          rejects: [...before.flatMap(({ rejects }) => rejects), reject]
        })
        if (waiting === ends) working ??= work()
        else timer ??= setTimeout(writeNotes, notesAfter)
      }),
    settled: async () => {
      writeNotes()
      await working
    }
  }
}
