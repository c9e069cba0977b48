import { createReadStream, readFileSync } from 'node:fs'
import { type FileHandle, open, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { asWriteError, putInPlace, writeAll } from '../durability/write-whole.ts'
import { RalphError } from '../errors.ts'
import type { Bandwidth } from './bandwidth.ts'

/** A file that is on its way: `PATH.part` has its bytes, `PATH.part.json` how many of them are durable, and of what. */
export interface PartialFile {
  /** Bytes that are here. */
  readonly size: number
  /** What the server calls this version of the file; undefined: it cannot be gone on with. */
  readonly validator: string | undefined
  /** Whole size, as the server says; undefined: it does not. */
  readonly total: number | undefined
  /** From its beginning, or, with the bytes that are here, from where it stopped. */
  begin(about: {
    readonly goOn: boolean
    readonly validator: string | undefined
    readonly total: number | undefined
  }): Promise<void>
  append(chunk: Uint8Array): Promise<void>
  /** Gives the whole file its name, durably. */
  finish(): Promise<void>
  /** Leaves it to be gone on with, if it can be; `discard`: it is of no use. */
  close(discard: boolean): Promise<void>
}

export interface PartOptions {
  readonly maxSize: number
  /** The setting that holds it. */
  readonly maxSizeSetting: string
  readonly bandwidth: Bandwidth
  readonly signal: AbortSignal | undefined
  /** In milliseconds. */
  readonly now: () => number
}

interface Remembered {
  readonly synced: number
  readonly validator: string | undefined
  readonly total: number | undefined
}

/** After a crash so much must be fetched again, at most. */
const syncEvery = { bytes: 2 ** 25, milliseconds: 500 }

const recall = (path: string): Remembered | undefined => {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof read !== 'object' || read === null || !('synced' in read) || typeof read.synced !== 'number')
      return undefined
    const validator = 'validator' in read && typeof read.validator === 'string' ? read.validator : undefined
    const total = 'total' in read && typeof read.total === 'number' ? read.total : undefined
    return { synced: read.synced, validator, total }
  } catch {
    // None, or one that was being written: the file begins anew.
    return undefined
  }
}

/** Opens what an earlier process has left, or a new one. Nobody else works on it: the caller holds a lock. */
export const openPart = async (path: string, options: PartOptions): Promise<PartialFile> => {
  const { maxSize, maxSizeSetting, bandwidth, signal, now } = options
  const partial = `${path}.part`
  const memory = `${partial}.json`
  const remembered = recall(memory)
  const file: FileHandle = await open(partial, 'a', 0o600).catch((error: unknown) => {
    throw asWriteError(error, partial)
  })
  const there = (await file.stat()).size
  // What was not synced may be zeros after a power cut.
  let size = remembered?.validator !== undefined && remembered.synced <= there ? remembered.synced : 0
  let validator = size > 0 ? remembered?.validator : undefined
  let total = size > 0 ? remembered?.total : undefined
  let synced = size
  let syncedAt = now()
  await truncate(partial, size)

  const remember = async (): Promise<void> => {
    await file.datasync()
    synced = size
    syncedAt = now()
    await writeFile(`${memory}.new`, JSON.stringify({ synced, validator, total }), { mode: 0o600 })
    await rename(`${memory}.new`, memory)
  }
  const tooLarge = (): RalphError =>
    new RalphError('ARCHIVE_TOO_LARGE', `the download is larger than the ${maxSize} bytes of ${maxSizeSetting}`, {
      limit: maxSize,
      setting: maxSizeSetting
    })

  return {
    get size() {
      return size
    },
    get validator() {
      return validator
    },
    get total() {
      return total
    },
    begin: async (about) => {
      if (about.total !== undefined && about.total > maxSize) throw tooLarge()
      if (!about.goOn) {
        await truncate(partial, 0)
        size = 0
        synced = 0
      }
      validator = about.validator
      total = about.total
    },
    append: async (chunk) => {
      signal?.throwIfAborted()
      if (size + chunk.length > maxSize) throw tooLarge()
      await bandwidth.spend(chunk.length, signal)
      try {
        await writeAll(file, chunk)
        size += chunk.length
        const isDue = size - synced >= syncEvery.bytes || now() - syncedAt >= syncEvery.milliseconds
        if (validator !== undefined && isDue) await remember()
      } catch (error) {
        throw asWriteError(error, partial)
      }
    },
    finish: async () => {
      try {
        await file.sync()
        await file.close()
        await putInPlace(partial, path)
        await rm(memory, { force: true })
      } catch (error) {
        throw asWriteError(error, path)
      }
    },
    close: async (discard) => {
      const isOfUse = !discard && validator !== undefined && size > 0
      // What cannot be kept is fetched again, and hides nothing of why it ended.
      if (isOfUse) await remember().catch(() => {})
      await file.close()
      if (!isOfUse) for (const each of [partial, memory]) await rm(each, { force: true })
    }
  }
}

/** The bytes of a file into a part, for what cannot be gone on with. */
export const fill = async (part: PartialFile, chunks: AsyncIterable<Uint8Array>, total?: number): Promise<void> => {
  await part.begin({ goOn: false, validator: undefined, total })
  for await (const chunk of chunks) await part.append(chunk)
}

export const fillFromFile = (part: PartialFile, path: string): Promise<void> =>
  fill(part, createReadStream(path, { highWaterMark: 2 ** 18 }))
