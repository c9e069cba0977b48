import type { ImportRecord, Imports } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import { messageOf, RalphError } from '../errors.ts'
import { attempt } from './attempt.ts'
import type { ImportsContext } from './context.ts'
import { type Hold, holdImport } from './hold.ts'
import { inUse, isFinal, type KeptImport, lrsDestination, shownImport, statusAtStart } from './kept.ts'
import type { ImportRecords } from './records/records.ts'
import { takeIn } from './submit.ts'

interface Held {
  readonly kept: KeptImport
  readonly hold: Hold
}

const notThere = (id: string): RalphError => new RalphError('NOT_FOUND', `there is no import ${id}`, { id })

/** The imports that this process holds. */
const createHolds = (records: ImportRecords) => {
  /** Imports that this process received and will run itself. */
  const held = new Map<string, Held>()
  const claim = async (id: string): Promise<Held> => {
    const kept = await records.claim(id)
    if (kept !== undefined) return { kept, hold: holdImport(records, id) }
    throw (await records.find(id)) === undefined ? notThere(id) : inUse(id)
  }
  return {
    keep: (each: Held): void => {
      held.set(each.kept.id, each)
    },
    /** Runs `work` on an import that no process is running. */
    alone: async <Result>(id: string, work: (kept: KeptImport, hold: Hold) => Promise<Result>): Promise<Result> => {
      const mine = held.get(id)
      held.delete(id)
      const { kept, hold } = mine ?? (await claim(id))
      try {
        return await work(kept, hold)
      } finally {
        await hold.release()
      }
    },
    close: async (): Promise<void> => {
      for (const { hold } of held.values()) await hold.release()
      held.clear()
    }
  }
}

/** An import that is due again, with all its attempts. */
const dueAgain = (kept: KeptImport, now: number): KeptImport => {
  const { id, isStaged, wanted, original, counts } = kept
  if (!isStaged && wanted === undefined && original === undefined) {
    const rejects = counts.rejected > 0 ? ': its rejected records can be imported again' : ''
    throw new RalphError('UNSUPPORTED_OPERATION', `the bytes of the import ${id} are deleted${rejects}`, { id })
  }
  const status = statusAtStart(kept)
  return { ...kept, status, failures: 0, nextAttempt: undefined, finished: undefined, updated: now }
}

/** Runs imports one after the other. Resolves with the number of those that no other process had taken. */
const runAll = async (
  ids: readonly string[],
  run: (id: string, signal: AbortSignal) => Promise<ImportRecord>,
  log: Log,
  signal: AbortSignal
): Promise<number> => {
  let count = 0
  for (const id of ids) {
    if (signal.aborted) break
    try {
      const { status, filename, trouble } = await run(id, signal)
      count += 1
      if (trouble === undefined) log.info(`import ${id} of ${filename}: ${status}`)
      else log.warn(`import ${id} of ${filename}: ${status}, ${trouble.code}: ${trouble.message}`)
    } catch (error) {
      if (signal.aborted) break
      // Another process was faster, or has removed it.
      const isTaken = error instanceof RalphError && ['IMPORT_IN_USE', 'NOT_FOUND'].includes(error.code)
      if (!isTaken) throw error
      log.debug(messageOf(error))
    }
  }
  return count
}

const never = new AbortController().signal

/**
 * Imports, from any door to any destination. The doors know only `Imports` (contracts/imports.ts):
 *
 * * const record = await imports.submit({ door: 'upload', reference: url, user, filename, open: () => stream })
 * await imports.run(record.id)
 */
export const createImports = (context: ImportsContext): Imports => {
  const { records, staging, handlers, places, originals, clock, log } = context
  const delivers = (destination: string): boolean =>
    destination === lrsDestination || places === undefined ? handlers.some(({ name }) => name === destination) : true
  const holds = createHolds(records)
  const now = (): number => Math.floor(clock() / 1000)

  const remove = (id: string): Promise<void> =>
    holds.alone(id, async () => {
      await staging.clear(id)
      await staging.rejects.remove(id)
      await records.remove(id)
    })

  /** Removes what a process left that died between the last save and the clearing. */
  const sweep = async (): Promise<void> => {
    for (const id of await staging.ids()) {
      const found = await records.find(id)
      if (found === undefined || (isFinal(found.kept.status) && !found.kept.isStaged)) await staging.clear(id)
    }
  }

  const run = (id: string, signal: AbortSignal): Promise<ImportRecord> =>
    holds.alone(id, async (kept, hold) => {
      if (!isFinal(kept.status) && !delivers(kept.destination)) {
        throw new RalphError('UNSUPPORTED_OPERATION', `the import ${id} goes to ${kept.destination}: run it there`, {
          id
        })
      }
      const after = isFinal(kept.status) ? kept : await attempt(kept, hold, signal, context)
      return shownImport(after, false)
    })

  const imports: Imports = {
    submit: async (offer, { signal, hold: keeps = false } = {}) => {
      const { kept, hold } = await takeIn(offer, signal, context)
      if (keeps) holds.keep({ kept, hold })
      else {
        await hold.release()
        await staging.poke()
      }
      return shownImport(kept, keeps)
    },
    run: (id, { signal = never } = {}) => run(id, signal),
    runDue: async ({ signal }) => {
      await sweep()
      return runAll(await records.due(now(), delivers), run, log, signal)
    },
    nextAttempt: () => records.nextAttempt(delivers),
    find: async (id) => {
      const found = await records.find(id)
      return found && shownImport(found.kept, found.isRunning)
    },
    list: async (options = {}) =>
      (await records.list(options)).map(({ kept, isRunning }) => shownImport(kept, isRunning)),
    counts: () => records.counts(),
    retry: async (id) => {
      const record = await holds.alone(id, async (kept) => {
        const again = dueAgain(kept, now())
        if (!(await records.save(again))) throw inUse(id)
        return shownImport(again, false)
      })
      await staging.poke()
      return record
    },
    rejected: (id) => (staging.rejects.has(id) ? staging.rejects.read(id) : undefined),
    resubmitRejected: async (id) => {
      const found = await records.find(id)
      if (found === undefined) throw notThere(id)
      if (!staging.rejects.has(id))
        throw new RalphError('NOT_FOUND', `the import ${id} has no rejected records`, { id })
      const { filename, user, instructions } = found.kept
      return imports.submit({
        door: 'rejected',
        reference: id,
        user,
        filename: `${filename}.rejected.jsonl`,
        instructions,
        open: () => staging.rejects.read(id)
      })
    },
    remove,
    purge: async ({ olderThan, status }) => {
      await sweep()
      const ids = await records.finishedBefore(now() - olderThan, status)
      for (const id of ids) await remove(id)
      return ids.length
    },
    close: async () => {
      await holds.close()
      await records.close()
      await originals?.close()
      await places?.close()
    }
  }
  return imports
}
