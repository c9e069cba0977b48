import { fstatSync, readFileSync, readlinkSync, writeSync } from 'node:fs'
import { messageOf, RalphError } from '../errors.ts'

/** `ralph … | head`: nobody reads standard output any more. The rest is not wanted, and that is no error. */
export class OutputClosed extends Error {
  override readonly name = 'OutputClosed'
}

const reasons: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: raise it or free some space',
  EFBIG: 'the file has reached the size limit: raise the limit',
  EIO: 'the device refuses to be written'
}

/** What failed to be written, in Ralph's terms. */
const asFailure = (cause: unknown): Error => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED') return new OutputClosed('', { cause })
  const reason = reasons[code] ?? messageOf(cause)
  return new RalphError('STORE_FULL', `standard output: ${reason}`, {}, { cause })
}

let failure: Error | undefined
let writers = 0

/** To be called once. What fails where nobody waits for it ends the process. */
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
 * A file or a device. Node writes to one as far as it has room and says nothing of the rest, so that it is written
 * here.
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

/** What a pipe holds. */
const pieceSize = 2 ** 16

/**
 * In pieces, each counted when it has gone out: of one that nobody read to its end nothing tells how much was read, so
 * that it counts for nothing.
 */
const writePieces = async (chunk: Uint8Array, written: Written, signal: AbortSignal | undefined): Promise<void> => {
  for (let start = 0; start < chunk.length; start += pieceSize) {
    const piece = chunk.subarray(start, start + pieceSize)
    await writeStream(piece, signal)
    written(piece)
  }
}

/**
 * Node opens the null device in the place of a standard output that is closed (`>&-`), for reading too, which no shell
 * does; so do programs that give their children no output at all, but then mostly no standard error either. Known on
 * Linux only.
 */
const isNullDevice = (descriptor: 1 | 2): boolean => {
  try {
    const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0'
    return readlinkSync(`/proc/self/fd/${descriptor}`) === '/dev/null' && (Number.parseInt(flags, 8) & 3) === 2
  } catch {
    return false
  }
}

/** `STORE_UNAVAILABLE` when standard output is closed: what is read would be lost, and pass for read. */
export const requireOutput = (): void => {
  if (!isNullDevice(1) || isNullDevice(2)) return
  throw new RalphError('STORE_UNAVAILABLE', 'standard output is closed: write to a file or a pipe, or to > /dev/null')
}

/**
 * Writes to standard output no faster than it is read, and resolves when all was handed on. A chunk was written when the
 * next one is asked for: its bytes may then be used again. `OutputClosed` when nobody reads any more, `STORE_FULL` when
 * there is no room for it. `written` is told what has gone out.
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
