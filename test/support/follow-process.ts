import { once } from 'node:events'
import type { StatementStore } from '../../src/contracts/statement-store.ts'
import { RalphError } from '../../src/errors.ts'
import { aClock } from './clock.ts'
import { openers } from './openers.ts'
import { aBatch, aStatement } from './statements.ts'

/**
 * A process that writes to the target `followed` of a backend, or follows it, or both, as its arguments say (JSON), until
 * it is killed or told to stop (SIGTERM). It speaks with its parent in messages.
 */
export interface Task {
  /** One of `openers`. */
  readonly backend: string
  readonly directory: string
  readonly writers: readonly { readonly number: number; readonly next: number }[]
  /** Microseconds that its clock is off. */
  readonly shift: number
  /** It follows after this position; null: from the first statement on; undefined: it does not follow. */
  readonly after?: string | null
  /** Writers wait behind so many statements until more are allowed. */
  readonly allowed: number
}

/** What the process says. */
export type Said =
  | { readonly ready: true }
  /** This writer has stored all before `next`. */
  | { readonly wrote: number; readonly next: number }
  | { readonly position: string; readonly statements: readonly (readonly [stored: number, id: string])[] }

/** Of the `index`th statement of a writer. */
export const idOfWriter = (writer: number, index: number): string =>
  `0000000${writer}-0000-4000-8000-${String(index).padStart(12, '0')}`

/** It is said before more is done. */
const say = (said: Said): Promise<void> =>
  new Promise((resolve, reject) => {
    process.send?.(said, (error: Error | null) => (error === null ? resolve() : reject(error)))
  })

const store = async (statements: StatementStore, writer: number, from: number, to: number): Promise<void> => {
  const batch = aBatch(
    ...Array.from({ length: to - from }, (_, index) => aStatement({ id: idOfWriter(writer, from + index) }))
  )
  for (;;) {
    try {
      await statements.insert(batch)
      return
    } catch (error) {
      // Another one did not make way in time, or the engine has lost an answer.
      if (!(error instanceof RalphError && error.code === 'STORE_UNAVAILABLE')) throw error
    }
  }
}

const work = async ({ backend: name, directory, writers, shift, after, allowed }: Task): Promise<void> => {
  const clock = aClock()
  clock.shift(shift)
  const controller = new AbortController()
  const { signal } = controller
  let limit = allowed
  const allowing = (more: unknown): void => {
    limit = Number(more)
  }
  process.on('message', allowing)
  process.once('SIGTERM', () => controller.abort())
  const backend = await openers[name]?.(directory, {
    clock: clock.now,
    appDir: directory,
    warn: (message) => process.stderr.write(`${message}\n`)
  })
  if (backend === undefined) throw new TypeError(`there is no backend ${name}`)
  const { statements } = await backend.store('followed')

  const write = async (writer: number, first: number): Promise<void> => {
    for (let next = first; !signal.aborted; ) {
      if (next >= limit) {
        await Promise.race([once(process, 'message'), once(signal, 'abort')])
        continue
      }
      const end = Math.min(limit, next + 1 + ((next * 7) % 12))
      await store(statements, writer, next, end)
      next = end
      await say({ wrote: writer, next })
    }
  }

  const follow = async (): Promise<void> => {
    if (after === undefined) return
    for await (const batch of statements.follow(after ?? undefined, { signal, limit: 50 })) {
      await say({
        position: batch.position,
        statements: batch.statements.map(({ stored, id }) => [stored, id] as const)
      })
    }
  }

  const working = Promise.all([follow(), ...writers.map(({ number, next }) => write(number, next))])
  await say({ ready: true })
  await working
  await backend.close()
  process.disconnect()
}

if (process.argv[1] === import.meta.filename) await work(JSON.parse(process.argv[2] ?? '') as Task)
