import { fstatSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { messageOf, RalphError } from '../errors.ts'

/** As in `ralph … | head`: the reader of standard output is gone. This is not an error. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

const reasons: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: raise it or free some space',
  EFBIG: 'the file has reached the size limit: raise the limit',
  EIO: 'the device is write-protected'
}

/** A failure to write, as an error of Ralph. */
const asFailure = (cause: unknown): Error => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return new OutputClosed('', { cause })
  const reason = reasons[code] ?? messageOf(cause)
  return new RalphError('STORE_FULL', `standard output: ${reason}`, {}, { cause })
}

let failure: Error | undefined
let writers = 0

/** Call it once. A write error that no caller awaits ends the process. */
export const guardOutput = (): void => {
  process.stdout.on('error', (cause) => {
    failure ??= asFailure(cause)
    if (writers > 0) return
    if (failure instanceof OutputClosed) process.exit()
    process.stderr.write(`Error: ${failure.message}\n`)
    process.exit(1)
  })
}

/**
 * Whether standard output is a file or a device. Node writes as much to it as fits and does not report the rest, so we write it
 * ourselves.
 */
const isFile = (): boolean => {
  const stats = fstatSync(1)
  return stats.isFile() || (stats.isCharacterDevice() && process.stdout.isTTY !== true)
}

type Written = (bytes: Uint8Array) => void

const writeFile = (chunk: Uint8Array, written: Written): void => {
  try {
    for (let done = 0; done < chunk.length; ) {
      const end = done + writeSync(1, chunk, done)
      written(chunk.subarray(done, end))
      done = end
    }
  } catch (error) {
    throw asFailure(error)
  }
}

const writeStream = (chunk: Uint8Array, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason)
    signal?.addEventListener('abort', stop, { once: true })
    process.stdout.write(chunk, (error) => {
      signal?.removeEventListener('abort', stop)
      if (error) reject(failure ?? asFailure(error))
      else resolve()
    })
  })

/** The capacity of a pipe. */
const pieceSize = 2 ** 16

/**
 * Writes in pieces and counts each one after it was written. A piece that was read in part does not count, because nobody knows
 * how much was read.
 */
const writePieces = async (chunk: Uint8Array, written: Written, signal: AbortSignal | undefined): Promise<void> => {
  for (let start = 0; start < chunk.length; start += pieceSize) {
    const piece = chunk.subarray(start, start + pieceSize)
    await writeStream(piece, signal)
    written(piece)
  }
}

/**
 * If standard output is closed (`>&-`), Node opens the null device instead, for reading too. A shell never does that. Programs
 * that start children without any output do, but usually without standard error too. Works on Linux only.
 */
const isNullDevice = (descriptor: 1 | 2): boolean => {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0'
    return readlinkSync(`/proc/self/fd/${descriptor}`) === '/dev/null' && (Number.parseInt(flags, 8) & 3) === 2
  } catch {
    return false
  }
}

/** Throws `STORE_UNAVAILABLE` if standard output is closed: the data would be lost but count as read. */
export const requireOutput = (): void => {
  if (!isNullDevice(1) || isNullDevice(2)) return
  throw new RalphError('STORE_UNAVAILABLE', 'standard output is closed: write to a file or a pipe, or to > /dev/null')
}

/**
 * Writes to standard output as fast as it is read. Resolves when everything was passed on. A chunk is written when the next one
 * is requested, and its bytes may then be reused. Throws `OutputClosed` if the reader is gone, `STORE_FULL` if there is no space.
 * `written` gets the number of bytes that were written.
 */
export const writeOut = async (
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
  { signal, written = () => {} }: { readonly signal?: AbortSignal; readonly written?: Written } = {}
): Promise<void> => {
  const file = isFile()
  writers += 1
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      if (file) writeFile(bytes, written)
      else await writePieces(bytes, written, signal)
    }
  } finally {
    writers -= 1
  }
}
