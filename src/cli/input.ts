import { fstatSync, readSync } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { Log } from '../contracts/log.ts'
import { codeOf, messageOf, RalphError } from '../errors.ts'

export interface Input {
  readonly chunks: AsyncIterable<Uint8Array>
  /** In bytes, if known. */
  readonly size: number | undefined
  /** A person types it, so there must be no progress bar. */
  readonly isTyped: boolean
}

export interface InputOptions {
  /** A chunk is valid until the next one is requested, so nothing must be copied or collected. */
  readonly lent?: boolean
}

/**
 * 64 KiB: a chunk and the objects made of it are then collected while young. Larger ones live until the next full collection, and
 * about 60 MB of them pile up before it.
 */
const chunkSize = 2 ** 16

/** The most chunks of a file that are read before the process handles other events: signals, answers of threads. */
const chunksATurn = 8

const lineFeed = 10

/**
 * Ctrl-C goes to all commands of a pipeline, and the writer may end before this process gets the signal. If the input ends in the
 * middle of a line, wait this many milliseconds for the signal.
 */
const patience = 50

/**
 * Reads a file from its present position, in this thread. A file usually answers faster than a thread of Node, whose calls took a
 * quarter of the time of `ralph extract`.
 */
const readFile = async function* (
  descriptor: number,
  signal: AbortSignal,
  { lent = false }: InputOptions
): AsyncGenerator<Uint8Array, void, undefined> {
  let buffer = Buffer.allocUnsafeSlow(chunkSize)
  for (let chunks = 1; ; chunks += 1) {
    signal.throwIfAborted()
    if (!lent && chunks > 1) buffer = Buffer.allocUnsafeSlow(chunkSize)
    const length = readSync(descriptor, buffer, 0, chunkSize, null)
    if (length === 0) return
    yield length === chunkSize ? buffer : buffer.subarray(0, length)
    if (chunks % chunksATurn === 0) await new Promise(setImmediate)
  }
}

const readOpened = async function* (
  file: FileHandle,
  signal: AbortSignal,
  options: InputOptions
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* readFile(file.fd, signal, options)
  } finally {
    await file.close()
  }
}

/** Ends the reading of a stream whose next chunk may never come. */
const stoppable = async function* (
  stream: NodeJS.ReadableStream & { destroy(error?: Error): unknown },
  signal: AbortSignal
): AsyncGenerator<Uint8Array, void, undefined> {
  let last = lineFeed
  const stop = (): void => {
    stream.destroy(signal.reason)
  }
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    // No encoding is set, so it yields bytes.
    for await (const chunk of stream) {
      const bytes = chunk as unknown as Uint8Array
      last = bytes.at(-1) ?? last
      yield bytes
    }
    if (last !== lineFeed) await wait(patience, undefined, { signal }).catch(() => signal.throwIfAborted())
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const openFailed = (path: string, cause: unknown): RalphError => {
  const code = codeOf(cause)
  const reason = messageOf(cause)
  return code === 'ENOENT'
    ? new RalphError('NOT_FOUND', `${path} is not there`, { path }, { cause })
    : new RalphError('INVALID_INPUT', `${path} cannot be read: ${reason}`, { path }, { cause })
}

/** A person who calls a command without a file sees only a cursor, so tell them that it waits for input. */
export const tellIfTyped = ({ isTyped }: Pick<Input, 'isTyped'>, log: Log): void => {
  if (isTyped)
    log.info('reading from the keyboard, line by line, until Ctrl-D; you can also name a file, or use a pipe')
}

/** The bytes of a file. For `-` or undefined, of standard input. */
export const openInput = async (
  path: string | undefined,
  signal: AbortSignal,
  options: InputOptions = {}
): Promise<Input> => {
  if (path === undefined || path === '-') {
    const stats = fstatSync(0)
    if (stats.isFile()) return { chunks: readFile(0, signal, options), size: stats.size, isTyped: false }
    return { chunks: stoppable(process.stdin, signal), size: undefined, isTyped: process.stdin.isTTY === true }
  }
  try {
    const file = await open(path, 'r')
    const stats = await file.stat()
    if (stats.isDirectory()) {
      await file.close()
      throw new Error('it is a directory')
    }
    const chunks = stats.isFile() ? readOpened(file, signal, options) : stoppable(file.createReadStream(), signal)
    return { chunks, size: stats.isFile() ? stats.size : undefined, isTyped: false }
  } catch (error) {
    throw openFailed(path, error)
  }
}

/** The bytes of several files, one after the other. */
export interface Inputs extends Omit<Input, 'chunks'> {
  /** Each is opened when it is read. */
  readonly files: readonly AsyncIterable<Uint8Array>[]
}

const isHidden = (name: string): boolean => name.startsWith('.')

/** A file itself, or the files in a directory, in the order of their names. */
const filesAt = async (path: string): Promise<readonly (readonly [file: string, size: number | undefined])[]> => {
  const status = await stat(path)
  if (!status.isDirectory()) return [[path, status.isFile() ? status.size : undefined]]
  const entries = (await readdir(path)).filter((name) => !isHidden(name)).sort()
  const found = await Promise.all(
    entries.map(async (name) => {
      const file = join(path, name)
      // A broken link is not a file.
      const entry = await stat(file).catch(() => undefined)
      return entry?.isFile() ? [[file, entry.size] as const] : []
    })
  )
  if (found.flat().length === 0) throw new Error('it is a directory without files')
  return found.flat()
}

/**
 * The bytes of files and of all files of directories. Without names, or for `-`, of standard input. A missing file is an error
 * before anything is read.
 */
export const openInputs = async (
  paths: readonly string[],
  signal: AbortSignal,
  options: InputOptions = {}
): Promise<Inputs> => {
  if (paths.length === 0 || (paths.length === 1 && paths[0] === '-')) {
    const { chunks, ...about } = await openInput('-', signal, options)
    return { files: [chunks], ...about }
  }
  const found = await Promise.all(
    paths.map((path) =>
      filesAt(path).catch((error: unknown) => {
        throw openFailed(path, error)
      })
    )
  )
  const sizes = found.flat().map(([, size]) => size)
  const size = sizes.includes(undefined) ? undefined : sizes.reduce<number>((sum, each) => sum + (each ?? 0), 0)
  const read = async function* (path: string): AsyncGenerator<Uint8Array, void, undefined> {
    yield* (await openInput(path, signal, options)).chunks
  }
  return { files: found.flat().map(([path]) => read(path)), size, isTyped: false }
}
