import { createReadStream, existsSync, mkdirSync, watch } from 'node:fs'
import { mkdir, open, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { asWriteError } from '../durability/write-whole.ts'
import { messageOf, RalphError } from '../errors.ts'

/**
 * The directories of imports: `staging/ID/` has the bytes of an import until it is done, and what is unpacked from them;
 * `rejected/ID.jsonl` has the rejected records.
 */
export interface Staging {
  /** The bytes as they arrived. */
  fileOf(id: string): string
  /** A new file for data that must be on the disk to be unpacked. */
  scratchOf(id: string): string
  /** An empty directory for an import. */
  prepare(id: string): Promise<void>
  /** Whether the bytes are there. */
  has(id: string): boolean
  /** A directory for fetched files. */
  fetchedOf(id: string): string
  clearFetched(id: string): Promise<void>
  /** Removes everything of an import that is done. */
  clear(id: string): Promise<void>
  /** Removes what was unpacked from it. */
  clearScratch(id: string): Promise<void>
  /** Ids of imports that have files there. */
  ids(): Promise<readonly string[]>
  /** Tells the watchers of the directory, also in other processes, that an import is due. */
  poke(): Promise<void>
  readonly rejects: GatheredFiles
  /** What is gathered for a destination that takes an import as one object. */
  readonly gathered: GatheredFiles
}

/** A file for each import, which grows chunk by chunk. */
export interface GatheredFiles {
  fileOf(id: string): string
  has(id: string): boolean
  read(id: string): AsyncIterable<Uint8Array>
  /** Cuts off what was written after the last progress that was saved. */
  cutTo(id: string, size: number): Promise<void>
  /** Durable. Resolves with the new size. */
  append(id: string, text: string): Promise<number>
  remove(id: string): Promise<void>
}

const gatheredFiles = (fileOf: (id: string) => string): GatheredFiles => {
  return {
    fileOf,
    has: (id) => existsSync(fileOf(id)),
    read: (id) => createReadStream(fileOf(id)),
    cutTo: async (id, size) => {
      if (!existsSync(fileOf(id))) return
      if (size === 0) await rm(fileOf(id))
      else await truncate(fileOf(id), size)
    },
    append: async (id, text) => {
      const path = fileOf(id)
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 })
        const file = await open(path, 'a', 0o600)
        try {
          await file.writeFile(text)
          await file.sync()
          return (await file.stat()).size
        } finally {
          await file.close()
        }
      } catch (error) {
        throw asWriteError(error, path)
      }
    },
    remove: (id) => rm(fileOf(id), { force: true })
  }
}

export const openStaging = (directory: string): Staging => {
  const staging = join(directory, 'staging')
  const directoryOf = (id: string): string => join(staging, id)
  const fileOf = (id: string): string => join(directoryOf(id), 'content')
  const fetchedOf = (id: string): string => join(directoryOf(id), 'fetched')
  let scratched = 0
  return {
    fileOf,
    scratchOf: (id) => {
      scratched += 1
      return join(directoryOf(id), `unpacked-${process.pid}-${scratched}`)
    },
    prepare: async (id) => {
      try {
        await mkdir(directoryOf(id), { recursive: true, mode: 0o700 })
      } catch (error) {
        throw asWriteError(error, directoryOf(id))
      }
    },
    has: (id) => existsSync(fileOf(id)),
    fetchedOf,
    clearFetched: (id) => rm(fetchedOf(id), { recursive: true, force: true }),
    clear: (id) => rm(directoryOf(id), { recursive: true, force: true }),
    clearScratch: async (id) => {
      const names = await readdir(directoryOf(id)).catch(() => [])
      for (const name of names) if (name.startsWith('unpacked-')) await rm(join(directoryOf(id), name), { force: true })
    },
    ids: () => readdir(staging).catch(() => []),
    poke: async () => {
      // A process that cannot be notified finds it on its next check.
      await writeFile(join(directory, poked), '', { mode: 0o600 }).catch(() => {})
    },
    rejects: gatheredFiles((id) => join(directory, 'rejected', `${id}.jsonl`)),
    gathered: gatheredFiles((id) => join(directoryOf(id), 'gathered.jsonl'))
  }
}

/** A file that is written when an import is due. */
const poked = 'due'

/**
 * Calls back whenever a process on this machine reports that an import is due. If the directory cannot be watched, it never
 * calls. Returns the function that ends it.
 */
export const watchForDue = (directory: string, onDue: () => void): (() => void) => {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    const watcher = watch(directory, { persistent: false }, (_, name) => {
      if (name === null || name === poked) onDue()
    })
    watcher.on('error', () => watcher.close())
    return () => watcher.close()
  } catch {
    return () => {}
  }
}

/** Size of a file. Throws `NOT_FOUND` if it was removed. */
export const sizeOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).size
  } catch (cause) {
    throw new RalphError('NOT_FOUND', `${path} was removed: ${messageOf(cause)}`, { path }, { cause })
  }
}
