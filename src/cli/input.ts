import { createReadStream, fstatSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { RalphError } from '../errors.ts'

export interface Input {
  readonly chunks: AsyncIterable<Uint8Array>
  /** In bytes, where it is known. */
  readonly size: number | undefined
  /** Somebody types it: a progress bar would be in the way. */
  readonly isTyped: boolean
}

/**
 * 64 KiB: a chunk, and what is made of it, is garbage while it is young. Larger ones live until the next full
 * collection, and some 60 MB of them pile up before it.
 */
const chunkSize = 2 ** 16

/** Ends the reading of a stream whose next chunk may never come. */
const stoppable = async function* (
  stream: NodeJS.ReadableStream & { destroy(error?: Error): unknown },
  signal: AbortSignal
): AsyncGenerator<Uint8Array, void, undefined> {
  const stop = (): void => {
    stream.destroy(signal.reason)
  }
  signal.addEventListener('abort', stop)
  try {
    signal.throwIfAborted()
    // No encoding was set: it gives bytes.
    for await (const chunk of stream) yield chunk as unknown as Uint8Array
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

const openFailed = (path: string, cause: unknown): RalphError => {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const reason = cause instanceof Error ? cause.message : String(cause)
  return code === 'ENOENT'
    ? new RalphError('NOT_FOUND', `${path} is not there`, { path }, { cause })
    : new RalphError('INVALID_INPUT', `${path} cannot be read: ${reason}`, { path }, { cause })
}

/** The bytes of a file; `-` or undefined: of standard input. */
export const openInput = async (path: string | undefined, signal: AbortSignal): Promise<Input> => {
  if (path === undefined || path === '-') {
    const stats = fstatSync(0)
    const stream = stats.isFile()
      ? createReadStream('', { fd: 0, autoClose: false, highWaterMark: chunkSize })
      : process.stdin
    const size = stats.isFile() ? stats.size : undefined
    return { chunks: stoppable(stream, signal), size, isTyped: process.stdin.isTTY === true }
  }
  try {
    const file = await open(path, 'r')
    const stats = await file.stat()
    if (stats.isDirectory()) {
      await file.close()
      throw new Error('it is a directory')
    }
    const stream = file.createReadStream({ highWaterMark: chunkSize })
    return { chunks: stoppable(stream, signal), size: stats.isFile() ? stats.size : undefined, isTyped: false }
  } catch (error) {
    throw openFailed(path, error)
  }
}
