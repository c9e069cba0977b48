import { hash, randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { access, type FileHandle, glob, link, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import type { Clock } from '../../contracts/clock.ts'
import type { BytesBackend, Listed, ListOptions, ReadOptions, WriteOptions } from '../../contracts/data-backend.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import { syncDirectory } from '../../durability/sync-directory.ts'
import { findMachine, isRunning } from '../../durability/this-machine.ts'
import { codeOf, RalphError } from '../../errors.ts'
import { newName } from '../../records/object-place.ts'
import { detectCompression, headLength } from '../../streams/compression.ts'
import { decompress } from '../../streams/decompress.ts'
import { translateError } from './errors.ts'

export interface FsDataOptions {
  readonly directory: string
  /** The pattern of the files that are read when the query names none. */
  readonly pattern: string
  readonly clock: Clock
}

/** Unfinished files. They get their names when they are complete. */
const unfinished = /^\.ralph-.+\.partial$/

/** Unfinished files of this version: they name the machine and the process that writes them. */
const unfinishedOf = /^\.ralph-([0-9a-f]{12})-(\d+)-.+\.partial$/

/** Milliseconds. If an unfinished file that names no process does not change for this long, nobody writes it. */
const abandonedAfter = 86_400_000

/** Process ids are valid only on this machine. '': the machine is unknown. */
const machine = (): string => {
  const found = findMachine()
  return found === '' ? '' : hash('sha256', found, 'hex').slice(0, 12)
}

/** Removes the unfinished files of dead writers. It keeps every file whose writer may live. */
const sweep = async (directory: string, now: number): Promise<void> => {
  const self = machine()
  const isAbandoned = async (name: string): Promise<boolean> => {
    const [, writer = '', pid] = unfinishedOf.exec(name) ?? []
    if (writer !== '' && writer === self) return !isRunning(Number(pid))
    return now - (await stat(join(directory, name))).mtimeMs > abandonedAfter
  }
  for (const name of await readdir(directory)) {
    if (!unfinished.test(name)) continue
    // If the process may not remove a file, or another process is faster, the write can still continue.
    if (await isAbandoned(name).catch(() => false)) await rm(join(directory, name), { force: true }).catch(() => {})
  }
}

const chunkSize = 65_536

const lineFeed = 0x0a
const openBrace = 0x7b
const closeBrace = 0x7d

interface FoundFile {
  readonly file: string
  readonly size: number
}

/** The compression of a file, by its first bytes. */
const compressionOf = async (path: string): Promise<string> => {
  const file = await open(path, 'r')
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headLength), 0, headLength)
    return detectCompression(buffer.subarray(0, bytesRead))
  } finally {
    await file.close()
  }
}

/** Translates the failure of a read into a RalphError. */
const failureOf = (error: unknown, path: string): unknown => {
  const code = codeOf(error)
  if (code === 'ENOENT') return new RalphError('NOT_FOUND', `${path} is not there`, { path }, { cause: error })
  if (code === 'EACCES' || code === 'EPERM') {
    return new RalphError('FORBIDDEN', `${path}: its permissions do not allow that`, { path }, { cause: error })
  }
  return translateError(error, path)
}

const fail = (error: unknown, path: string): never => {
  throw failureOf(error, path)
}

const writeAll = async (
  file: FileHandle,
  content: AsyncIterable<Uint8Array>,
  signal?: AbortSignal
): Promise<number> => {
  let size = 0
  for await (const chunk of content) {
    signal?.throwIfAborted()
    for (let done = 0; done < chunk.length; ) {
      const { bytesWritten } = await file.write(chunk, done)
      done += bytesWritten
    }
    size += chunk.length
  }
  await file.sync()
  return size
}

/** The files that a pattern matches, or that are in the directory that it names, in the order of their names. */
const filesOf = async (query: string, path: string): Promise<readonly FoundFile[]> => {
  const named = await stat(resolve(path, query)).catch(() => undefined)
  const found = new Map<string, FoundFile>()
  for await (const name of glob(named?.isDirectory() ? join(query, '*') : query, { cwd: path })) {
    const file = resolve(path, name)
    if (unfinished.test(basename(file))) continue
    const status = await stat(file)
    if (status.isFile()) found.set(file, { file, size: status.size })
  }
  return [...found.values()].sort((one, other) => (one.file < other.file ? -1 : 1))
}

/** Whether files must be decompressed. It is needed if their compressions differ, because no reader could decompress the joined bytes. */
const mustUnpack = async (files: readonly FoundFile[]): Promise<boolean> => {
  const kinds = new Set<string>()
  for (const { file, size } of files) {
    if (size > 0) kinds.add(await compressionOf(file).catch((error: unknown) => fail(error, file)))
  }
  return kinds.size > 1
}

const append = async (path: string, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<number> => {
  const file = await open(path, 'a')
  try {
    return await writeAll(file, content, signal)
  } finally {
    await file.close()
  }
}

/** Writes a new file. It gets its name when it is complete. */
const put = async (
  path: string,
  content: AsyncIterable<Uint8Array>,
  { operation, signal }: WriteOptions,
  clock: Clock
): Promise<number> => {
  const isThere = (cause?: unknown): RalphError =>
    new RalphError(
      'ALREADY_THERE',
      `${path} is there already: choose another name, or -o update or -o append`,
      {},
      { cause }
    )
  if (operation !== 'update') {
    // Checked before a write that may take hours.
    const there = await stat(path).catch(() => undefined)
    if (there !== undefined) throw isThere()
  }
  const directory = dirname(path)
  await sweep(directory, clock() / 1000)
  const partial = join(directory, `.ralph-${machine() || '0'.repeat(12)}-${process.pid}-${randomUUID()}.partial`)
  const file = await open(partial, 'wx')
  try {
    const size = await writeAll(file, content, signal)
    if (operation === 'update') await rename(partial, path)
    else {
      await link(partial, path).catch((error: unknown) => {
        throw codeOf(error) === 'EEXIST' ? isThere(error) : error
      })
    }
    return size
  } finally {
    await file.close()
    await rm(partial, { force: true })
  }
}

const statusOf = async (directory: string): Promise<BackendStatus> => {
  try {
    await access(directory, constants.R_OK | constants.W_OK | constants.X_OK)
    if ((await stat(directory)).isDirectory()) return { state: 'ok' }
    return { state: 'error', detail: `${directory} is not a directory` }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') {
      return { state: 'error', detail: `${directory} does not exist: the first write creates it` }
    }
    return { state: 'error', detail: `${directory} cannot be read and written: change its permissions` }
  }
}

/**
 * Files of a directory. A written file exists whole or not at all: it gets its name after it was synced. Only `append` changes an existing
 * file.
 */
export const openFsData = async ({ directory, pattern, clock }: FsDataOptions): Promise<BytesBackend> => {
  const place = (target: string | undefined): string => resolve(directory, target ?? '.')

  async function* list({ target, signal }: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const path = place(target)
    const names = await readdir(path, { withFileTypes: true }).catch((error: unknown) => fail(error, path))
    names.sort((one, other) => (one.name < other.name ? -1 : 1))
    for (const entry of names) {
      signal?.throwIfAborted()
      const isLink = entry.isSymbolicLink()
      if (unfinished.test(entry.name) || !(entry.isFile() || isLink)) continue
      const id = join(path, entry.name)
      // A link to a missing file is not a file.
      const status = await stat(id).catch((error: unknown) =>
        isLink && codeOf(error) === 'ENOENT' ? undefined : fail(error, id)
      )
      if (!status?.isFile()) continue
      const { size, mtime } = status
      const details = { path: id, size, modified_at: mtime.toISOString() }
      yield { id, historyId: id, details }
    }
  }

  async function* read(query: string | undefined, options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { target, signal, onError, onObject, onTotal } = options
    const path = place(target)
    const wanted = query ?? pattern
    const files = await filesOf(wanted, path).catch((error: unknown) => fail(error, path))
    if (files.length === 0) throw new RalphError('NOT_FOUND', `${resolve(path, wanted)}: the file does not exist`)
    onTotal?.({ bytes: files.reduce((sum, { size }) => sum + size, 0) })
    const compression = files.length > 1 && (await mustUnpack(files)) ? 'auto' : 'none'
    let last = lineFeed
    for (const { file } of files) {
      let size = 0
      try {
        const highWaterMark = options.chunkSize ?? chunkSize
        const stream = createReadStream(file, { highWaterMark, ...(signal === undefined ? {} : { signal }) })
        for await (const chunk of decompress(stream, compression)) {
          // Keeps the last line of one JSON file apart from the first line of the next one.
          if (size === 0 && last === closeBrace && chunk[0] === openBrace) yield Uint8Array.of(lineFeed)
          size += chunk.length
          last = chunk.at(-1) ?? last
          yield chunk
        }
      } catch (error) {
        signal?.throwIfAborted()
        const failure = failureOf(error, file)
        if (onError === undefined || !(failure instanceof Error)) throw failure
        onError(failure)
        continue
      }
      onObject?.({ historyId: file, size, details: { filename: basename(file) } })
    }
  }

  return {
    moves: 'bytes',
    status: () => statusOf(directory),
    list,
    read,
    write: async (content, options) => {
      const path = resolve(directory, options.target ?? newName(clock))
      try {
        await mkdir(dirname(path), { recursive: true })
        const size =
          options.operation === 'append'
            ? await append(path, content, options.signal)
            : await put(path, content, options, clock)
        await syncDirectory(dirname(path))
        return { historyId: path, size, details: { filename: basename(path), operation_type: options.operation } }
      } catch (error) {
        options.signal?.throwIfAborted()
        if (codeOf(error) === 'ENOENT') {
          // The error of Node for a directory on a read-only file system is the same.
          const advice =
            'its directory does not exist and cannot be created: check whether the file system is read-only'
          throw new RalphError('STORE_FULL', `${path}: ${advice}`, { path }, { cause: error })
        }
        throw translateError(error, path)
      }
    },
    delete: async (id, { target }) => {
      const path = resolve(place(target), id)
      await rm(path).catch((error: unknown) => fail(error, path))
      await syncDirectory(dirname(path))
      return { deleted: 1 }
    },
    close: async () => {}
  }
}
