import type { MessageRow, MessageStatus } from '../../contracts/listeners.ts'

export interface MessageUpdate {
  readonly message: MessageRow
  readonly status: MessageStatus
  readonly info: string | undefined
}

interface Waiting {
  update: MessageUpdate
  readonly resolves: (() => void)[]
  readonly rejects: ((error: unknown) => void)[]
}

const mostAtOnce = 500

export interface MessageWriter {
  /** Resolves when this update, or a later one of the same message, is durable. */
  update(update: MessageUpdate): Promise<void>
  /** When nothing is under way. */
  settled(): Promise<void>
}

/**
 * Writes the rows of messages together: what comes while one write is under way goes with the next one. Of a message the
 * latest status is written.
 */
export const createMessageWriter = (write: (updates: readonly MessageUpdate[]) => Promise<void>): MessageWriter => {
  const waiting = new Map<string, Waiting>()
  let working: Promise<void> | undefined

  const work = async (): Promise<void> => {
    while (waiting.size > 0) {
      const taken = [...waiting].slice(0, mostAtOnce)
      for (const [uuid] of taken) waiting.delete(uuid)
      try {
        await write(taken.map(([, { update }]) => update))
        for (const [, { resolves }] of taken) for (const resolve of resolves) resolve()
      } catch (error) {
        for (const [, { rejects }] of taken) for (const reject of rejects) reject(error)
      }
    }
    working = undefined
  }

  return {
    update: (update) =>
      new Promise<void>((resolve, reject) => {
        const { uuid } = update.message
        const found = waiting.get(uuid)
        if (found === undefined) waiting.set(uuid, { update, resolves: [resolve], rejects: [reject] })
        else {
          found.update = update
          found.resolves.push(resolve)
          found.rejects.push(reject)
        }
        working ??= work()
      }),
    settled: async () => {
      await working
    }
  }
}
