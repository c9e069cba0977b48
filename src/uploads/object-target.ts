import { createReadStream } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { DataStore, ERRORS, Upload } from '@tus/server'
import type { BytesBackend } from '../contracts/data-backend.ts'
import { asWriteError, writeAll, writeWhole } from '../durability/write-whole.ts'
import { codeOf, messageOf, RalphError } from '../errors.ts'
import type { BucketPlace } from '../settings/settings.ts'
import { createLimit } from '../streams/limit.ts'
import type { ChunkChecksum } from './checksum.ts'
import type { UploadRecords } from './records.ts'
import type { UploadTarget } from './target.ts'

/** Most bytes of one object. */
const defaultPieceSize = 2 ** 25

/** Pieces of all uploads that are sent concurrently. Each needs up to 24 MiB of memory. */
const mostPuts = 4

interface Piece {
  readonly offset: number
  readonly size: number
}

/** The state of the objects of one upload, in `ID.pieces`. */
interface Pieces {
  /** Durable, in order without gaps. */
  readonly kept: readonly Piece[]
  /** Offsets of objects that may exist but do not count. They are replaced, or removed with the upload. */
  readonly begun: readonly number[]
}

const nothing: Pieces = { kept: [], begun: [] }

const endOf = ({ kept }: Pieces): number => {
  const last = kept.at(-1)
  return last === undefined ? 0 : last.offset + last.size
}

/** Errors caused by wrong settings of the operator. The client must not think that it made a mistake. */
const ofOperator: ReadonlySet<string> = new Set([
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'INVALID_SETTING',
  'INVALID_QUERY'
])

const asStoreError = (error: unknown): unknown =>
  error instanceof RalphError && ofOperator.has(error.code)
    ? new RalphError('STORE_UNAVAILABLE', `uploads cannot be kept: ${error.message}`, {}, { cause: error })
    : error

export interface ObjectTargetOptions {
  /** On this machine, for the incoming piece and for the state of the others. */
  readonly directory: string
  readonly place: Pick<BucketPlace, 'bucket' | 'prefix'>
  readonly backend: () => Promise<BytesBackend>
  readonly records: UploadRecords
  readonly checksum: () => ChunkChecksum | undefined
  /** Most bytes of one object. */
  readonly pieceSize?: number
}

interface Staged {
  readonly size: number
  /** No more bytes will come. */
  readonly isLast: boolean
  /** Why the bytes ended early. */
  readonly failure: unknown
}

/** Objects `PREFIX ID/OFFSET`. A client gets an offset only when all objects before it are durable. */
class ObjectStore extends DataStore {
  readonly #options: ObjectTargetOptions
  readonly #limit = createLimit(mostPuts)

  constructor(options: ObjectTargetOptions) {
    super()
    this.#options = options
    this.extensions = ['creation', 'creation-with-upload', 'creation-defer-length', 'termination']
  }

  #pathOf(id: string, suffix: 'pieces' | 'staged'): string {
    return join(this.#options.directory, `${id}.${suffix}`)
  }

  #nameOf(id: string, offset: number): string {
    return `${this.#options.place.prefix}${id}/${offset}`
  }

  /** Undefined: there is no such upload. */
  async pieces(id: string): Promise<Pieces | undefined> {
    const path = this.#pathOf(id, 'pieces')
    try {
      // Only this process writes it, and it is written whole.
      return JSON.parse(await readFile(path, 'utf8')) as Pieces
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined
      throw new RalphError('STORE_UNAVAILABLE', `${path} cannot be read: ${messageOf(error)}`)
    }
  }

  #note(id: string, pieces: Pieces): Promise<void> {
    return writeWhole(this.#pathOf(id, 'pieces'), [Buffer.from(JSON.stringify(pieces))])
  }

  override async create(upload: Upload): Promise<Upload> {
    await this.#note(upload.id, nothing)
    return upload
  }

  override async getUpload(id: string): Promise<Upload> {
    const record = this.#options.records.read(id)
    if (record === undefined) throw ERRORS.FILE_NOT_FOUND
    const { size, metadata, importId } = record
    const about = { id, metadata, ...(size === undefined ? {} : { size }) }
    if (importId !== undefined) return new Upload({ ...about, offset: size ?? 0 })
    const pieces = await this.pieces(id)
    if (pieces === undefined) throw ERRORS.FILE_NO_LONGER_EXISTS
    return new Upload({ ...about, offset: endOf(pieces) })
  }

  override async declareUploadLength(id: string, size: number): Promise<void> {
    const record = this.#options.records.read(id)
    if (record === undefined) throw ERRORS.FILE_NOT_FOUND
    await this.#options.records.write({ ...record, size })
  }

  /** Writes up to one piece to the disk of this machine. */
  async #stage(chunks: AsyncIterator<Uint8Array>, id: string, rest: { bytes: Uint8Array }): Promise<Staged> {
    const path = this.#pathOf(id, 'staged')
    const file = await open(path, 'w', 0o600).catch((error: unknown) => {
      throw asWriteError(error, path)
    })
    const { pieceSize = defaultPieceSize } = this.#options
    let size = 0
    try {
      while (size < pieceSize) {
        if (rest.bytes.length === 0) {
          let next: IteratorResult<Uint8Array, unknown>
          try {
            next = await chunks.next()
          } catch (failure) {
            return { size, isLast: true, failure }
          }
          if (next.done === true) return { size, isLast: true, failure: undefined }
          rest.bytes = next.value
        }
        const part = rest.bytes.subarray(0, pieceSize - size)
        await writeAll(file, part)
        rest.bytes = rest.bytes.subarray(part.length)
        size += part.length
      }
      return { size, isLast: false, failure: undefined }
    } catch (error) {
      throw asWriteError(error, path)
    } finally {
      await file.close()
    }
  }

  /** Sends the staged piece durably. It does not count before it is recorded. */
  async #put(id: string, offset: number): Promise<void> {
    const { backend, place } = this.#options
    try {
      await this.#limit(async () => {
        const staged = createReadStream(this.#pathOf(id, 'staged'), { highWaterMark: 2 ** 18 })
        // It replaces an object that a dead process left there.
        const target = `${place.bucket}/${this.#nameOf(id, offset)}`
        await (await backend()).write?.(staged, { target, operation: 'update' })
      })
    } catch (error) {
      throw asStoreError(error)
    }
  }

  override async write(chunks: Readable, id: string, offset: number): Promise<number> {
    const checksum = this.#options.checksum()
    const source = chunks[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>
    const counted = checksum === undefined ? source : summed(source, checksum)
    const before = (await this.pieces(id)) ?? nothing
    const rest = { bytes: new Uint8Array() }
    const fresh: Piece[] = []
    let end = offset
    try {
      for (;;) {
        const { size, isLast, failure } = await this.#stage(counted, id, rest)
        // Without a checksum, bytes that arrived before the connection broke are accepted.
        if (size > 0 && (failure === undefined || checksum === undefined)) {
          const begun = [...new Set([...before.begun, ...fresh.map((piece) => piece.offset), end])]
          const known = checksum === undefined ? [...before.kept, ...fresh] : before.kept
          await this.#note(id, { kept: known, begun })
          await this.#put(id, end)
          fresh.push({ offset: end, size })
          end += size
          if (checksum === undefined) await this.#note(id, { kept: [...before.kept, ...fresh], begun })
        }
        if (failure !== undefined) throw failure
        if (isLast) break
      }
      if (checksum !== undefined) {
        checksum.verify()
        const begun = [...new Set([...before.begun, ...fresh.map((piece) => piece.offset)])]
        await this.#note(id, { kept: [...before.kept, ...fresh], begun })
      }
      return end
    } finally {
      await source.return?.()
      await rm(this.#pathOf(id, 'staged'), { force: true })
    }
  }

  async *open(id: string): AsyncGenerator<Uint8Array, void, undefined> {
    const { backend, place } = this.#options
    try {
      for (const { offset, size } of (await this.pieces(id))?.kept ?? []) {
        let found = 0
        const name = this.#nameOf(id, offset)
        for await (const chunk of (await backend()).read?.(name, { target: place.bucket }) ?? []) {
          found += chunk.length
          yield chunk
        }
        if (found === size) continue
        throw new RalphError('STORE_UNAVAILABLE', `${place.bucket}/${name} has ${found} bytes, expected ${size}`)
      }
    } catch (error) {
      throw asStoreError(error)
    }
  }

  override async remove(id: string): Promise<void> {
    const { backend, place } = this.#options
    const pieces = await this.pieces(id)
    if (pieces !== undefined) {
      const offsets = new Set([...pieces.begun, ...pieces.kept.map(({ offset }) => offset)])
      for (const offset of offsets) {
        try {
          await (await backend()).delete?.(this.#nameOf(id, offset), { target: place.bucket })
        } catch (error) {
          if (!(error instanceof RalphError) || error.code !== 'NOT_FOUND') throw asStoreError(error)
        }
      }
    }
    await rm(this.#pathOf(id, 'staged'), { force: true })
    await rm(this.#pathOf(id, 'pieces'), { force: true })
  }
}

async function* summed(
  chunks: AsyncIterator<Uint8Array>,
  checksum: ChunkChecksum
): AsyncGenerator<Uint8Array, void, undefined> {
  for (;;) {
    const { done, value } = await chunks.next()
    if (done === true) return
    checksum.update(value)
    yield value
  }
}

/** Uploads in a bucket. Their state stays in a directory of this machine. */
export const objectTarget = (options: ObjectTargetOptions): UploadTarget => {
  let opened: Promise<BytesBackend> | undefined
  const backend = (): Promise<BytesBackend> => {
    opened ??= options.backend().catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
  const store = new ObjectStore({ ...options, backend })
  return {
    store,
    verifies: true,
    offsetOf: async (id) => {
      const pieces = await store.pieces(id)
      return pieces && endOf(pieces)
    },
    open: (id) => store.open(id),
    remove: (id) => store.remove(id),
    close: async () => (await opened?.catch(() => undefined))?.close()
  }
}
