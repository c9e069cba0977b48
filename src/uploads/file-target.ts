import { createReadStream } from 'node:fs'
import { open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { DataStore, ERRORS, Upload } from '@tus/server'
import { asWriteError, writeAll, writeWhole } from '../durability/write-whole.ts'
import { codeOf } from '../errors.ts'
import type { ChunkChecksum } from './checksum.ts'
import type { UploadRecords } from './records.ts'
import type { UploadTarget } from './target.ts'

/** The size to which the file returns if this process dies now. Undefined: the present bytes are right. */
const sizeBefore = async (mark: string): Promise<number | undefined> => {
  try {
    return Number(await readFile(mark, 'utf8'))
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

/**
 * One file for each upload. Its size is the offset. The `FileStore` of the library answers 500 to a full disk, does not say when
 * bytes are durable, and cannot remove bytes with a wrong checksum.
 */
class FileStore extends DataStore {
  readonly #directory: string
  readonly #records: UploadRecords
  readonly #checksum: () => ChunkChecksum | undefined

  constructor(directory: string, records: UploadRecords, checksum: () => ChunkChecksum | undefined) {
    super()
    this.#directory = directory
    this.#records = records
    this.#checksum = checksum
    this.extensions = ['creation', 'creation-with-upload', 'creation-defer-length', 'termination']
  }

  fileOf(id: string): string {
    return join(this.#directory, id)
  }

  #markOf(id: string): string {
    return join(this.#directory, `${id}.unverified`)
  }

  override async create(upload: Upload): Promise<Upload> {
    const path = this.fileOf(upload.id)
    await writeFile(path, '', { mode: 0o600, flag: 'wx' }).catch((error: unknown) => {
      throw asWriteError(error, path)
    })
    return upload
  }

  override async remove(id: string): Promise<void> {
    await rm(this.fileOf(id), { force: true })
    await rm(this.#markOf(id), { force: true })
  }

  /** Removes the bytes of a process that died before it knew the checksum. */
  async #takeBack(id: string): Promise<void> {
    const size = await sizeBefore(this.#markOf(id))
    if (size === undefined) return
    await truncate(this.fileOf(id), size)
    await rm(this.#markOf(id))
  }

  override async write(chunks: Readable, id: string, offset: number): Promise<number> {
    const path = this.fileOf(id)
    const checksum = this.#checksum()
    try {
      if (checksum !== undefined) {
        await writeWhole(this.#markOf(id), [Buffer.from(String(offset))])
      }
      // The end of the file is the offset: the library has compared them.
      const file = await open(path, 'a')
      let size = offset
      try {
        for await (const chunk of chunks) {
          await writeAll(file, chunk)
          checksum?.update(chunk)
          size += chunk.length
        }
        checksum?.verify()
      } finally {
        // Bytes that arrived before the connection broke are used later, so they must be durable too.
        await file.datasync()
        await file.close()
      }
      if (checksum !== undefined) await rm(this.#markOf(id))
      return size
    } catch (error) {
      if (checksum !== undefined) await this.#takeBack(id)
      throw asWriteError(error, path)
    }
  }

  override async getUpload(id: string): Promise<Upload> {
    const record = this.#records.read(id)
    if (record === undefined) throw ERRORS.FILE_NOT_FOUND
    const { size, metadata } = record
    const about = { id, metadata, ...(size === undefined ? {} : { size }) }
    if (record.importId !== undefined) return new Upload({ ...about, offset: size ?? 0 })
    await this.#takeBack(id)
    const found = await stat(this.fileOf(id)).catch(() => undefined)
    if (found === undefined) throw ERRORS.FILE_NO_LONGER_EXISTS
    return new Upload({ ...about, offset: found.size })
  }

  /** Bytes that were received. Undefined: there is no such upload. */
  async offsetOf(id: string): Promise<number | undefined> {
    const before = await sizeBefore(this.#markOf(id))
    return before ?? (await stat(this.fileOf(id)).catch(() => undefined))?.size
  }

  override async declareUploadLength(id: string, size: number): Promise<void> {
    const record = this.#records.read(id)
    if (record === undefined) throw ERRORS.FILE_NOT_FOUND
    await this.#records.write({ ...record, size })
  }
}

/** Uploads in a directory of this machine. */
export const fileTarget = (
  directory: string,
  records: UploadRecords,
  checksum: () => ChunkChecksum | undefined
): UploadTarget => {
  const store = new FileStore(directory, records, checksum)
  return {
    store,
    verifies: true,
    offsetOf: (id) => store.offsetOf(id),
    open: (id) => createReadStream(store.fileOf(id), { highWaterMark: 2 ** 18 }),
    remove: (id) => store.remove(id),
    close: async () => {}
  }
}
