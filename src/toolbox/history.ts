import { randomUUID } from 'node:crypto'
import { mkdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../contracts/clock.ts'
import type { MovedObject } from '../contracts/data-backend.ts'
import { lockStore, type ProcessLock } from '../durability/process-lock.ts'
import { codeOf, messageOf, RalphError } from '../errors.ts'
import { formatMicros } from '../xapi/timestamp.ts'

/**
 * Ralph's history: a JSON list of what was read and written, object by object. Ralph reads ours and we read theirs.
 */
export type HistoryAction = 'read' | 'write'

interface Entry {
  readonly [key: string]: unknown
}

const isEntry = (value: unknown): value is Entry => typeof value === 'object' && value !== null && !Array.isArray(value)

const broken = (path: string, reason: string, cause?: unknown): RalphError =>
  new RalphError('INVALID_INPUT', `The history ${path} ${reason}: mend it, or move it away`, { path }, { cause })

const readEntries = async (path: string): Promise<readonly Entry[]> => {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw broken(path, `cannot be read (${messageOf(error)})`, error)
  }
  if (text.trim() === '') return []
  let entries: unknown
  try {
    entries = JSON.parse(text)
  } catch (error) {
    throw broken(path, 'is no JSON', error)
  }
  if (!Array.isArray(entries) || !entries.every(isEntry)) throw broken(path, 'is no list of objects')
  return entries
}

/** Ids of the objects of a backend that were read or written before. `INVALID_INPUT` when the file is malformed. */
export const idsInHistory = async (
  path: string,
  backend: string,
  action: HistoryAction
): Promise<ReadonlySet<string>> => {
  const entries = await readEntries(path)
  // The archives of OVH's platform have `command` where all others have `action`.
  const own = entries.filter((entry) => entry.backend === backend && (entry.action ?? entry.command) === action)
  return new Set(own.map(({ id }) => String(id)))
}

/** Milliseconds for which another process that writes the history is waited for. */
const patience = 10_000

const lock = async (path: string): Promise<ProcessLock> => {
  for (const until = performance.now() + patience; ; await wait(10)) {
    try {
      return lockStore(path)
    } catch (error) {
      const held = error instanceof RalphError && error.code === 'STORE_IN_USE'
      if (!held || performance.now() > until) throw error
    }
  }
}

/** Replaced in one step: nobody reads half of it, and two processes at once lose nothing. */
const append = async (path: string, added: readonly Entry[]): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  // A link stays a link.
  const file = await realpath(path).catch(() => path)
  const held = await lock(file)
  const next = `${file}.${randomUUID()}.partial`
  try {
    const entries = await readEntries(file)
    await writeFile(next, JSON.stringify([...entries, ...added]), { flush: true })
    await rename(next, file)
  } finally {
    await rm(next, { force: true })
    held.release()
  }
}

export interface History {
  /** Soon it is in the file. */
  add(action: HistoryAction, object: MovedObject): void
  /** All that was added is in the file; rejects when it could not be written. */
  flush(): Promise<void>
}

export interface HistoryOptions {
  /** RALPH_HISTORY_FILE */
  readonly path: string
  /** Name of the backend. */
  readonly backend: string
  readonly clock: Clock
}

/** What is added while the file is being written is written together. */
export const openHistory = ({ path, backend, clock }: HistoryOptions): History => {
  let waiting: Entry[] = []
  let writing: Promise<void> | undefined
  let failure: { readonly error: unknown } | undefined

  const work = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const batch = waiting
        waiting = []
        await append(path, batch)
      }
    } catch (error) {
      failure ??= { error }
    } finally {
      writing = undefined
    }
  }

  return {
    add: (action, { historyId, size, details }) => {
      waiting.push({
        backend,
        [backend === 'ldp' ? 'command' : 'action']: action,
        id: historyId,
        ...details,
        size,
        timestamp: formatMicros(clock()).replace('Z', '+00:00')
      })
      writing ??= work()
    },
    flush: async () => {
      await writing
      if (failure !== undefined) throw failure.error
    }
  }
}
