import { createReadStream, readFileSync } from 'node:fs'
import { type FileHandle, open, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { asWriteError, putInPlace, writeAll } from '../durability/write-whole.ts'
import { RalphError } from '../errors.ts'
import type { Bandwidth } from './bandwidth.ts'

/**
 * A file that is being downloaded: `PATH.part` has its bytes, `PATH.part.json` has the number of durable bytes and the version of
 * the file.
 */
export interface PartialFile {
  /** Bytes that were received. */
  readonly size: number
  /** The server's identifier for this version of the file. Undefined: the download cannot be continued. */
  readonly validator: string | undefined
  /** The whole size, from the server. Undefined: unknown. */
  readonly total: number | undefined
  /** Begins at the start, or with the present bytes continues where it stopped. */
  begin(about: {
    readonly goOn: boolean
    readonly validator: string | undefined
    readonly total: number | undefined
  }): Promise<void>
  append(chunk: Uint8Array): Promise<void>
  /** Gives the complete file its name, durably. */
  finish(): Promise<void>
  /** Keeps it for continuing, if possible. `discard`: it is useless. */
  close(discard: boolean): Promise<void>
}

export interface PartOptions {
  readonly maxSize: number
  /** The setting with this limit. */
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

/** The most that must be fetched again after a crash. */
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
    // There is none, or it was being written: the file begins again.
    return undefined
  }
}

/** Opens what an earlier process left, or a new part. Only this process uses it: the caller holds a lock. */
export const openPart = async (path: string, options: PartOptions): Promise<PartialFile> => {
  const { maxSize, maxSizeSetting, bandwidth, signal, now } = options
  const partial = `${path}.part`
  const memory = `${partial}.json`
  const remembered = recall(memory)
  const file: FileHandle = await open(partial, 'a', 0o600).catch((error: unknown) => {
    throw asWriteError(error, partial)
  })
  const there = (await file.stat()).size
  // Bytes that were not synced may be zeros after a power failure.
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
      // If the state cannot be saved, the bytes are fetched again. The original error counts.
      if (isOfUse) await remember().catch(() => {})
      await file.close()
      if (!isOfUse) for (const each of [partial, memory]) await rm(each, { force: true })
    }
  }
}

/** Writes the bytes of a file into a part, for sources that cannot be continued. */
export const fill = async (part: PartialFile, chunks: AsyncIterable<Uint8Array>, total?: number): Promise<void> => {
  await part.begin({ goOn: false, validator: undefined, total })
  for await (const chunk of chunks) await part.append(chunk)
}

export const fillFromFile = (part: PartialFile, path: string): Promise<void> =>
  fill(part, createReadStream(path, { highWaterMark: 2 ** 18 }))
