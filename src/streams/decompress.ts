import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { messageOf, RalphError } from '../errors.ts'
import { type Compression, detectCompression, headLength, isUndecided } from './compression.ts'
import { cutFrames } from './zstd-frames.ts'

/** The first bytes, as many as tell the compression, and then all bytes. */
const peek = async (
  chunks: AsyncIterable<Uint8Array>
): Promise<{ readonly head: Uint8Array; readonly all: AsyncGenerator<Uint8Array> }> => {
  const source = chunks[Symbol.asyncIterator]()
  const taken: Uint8Array[] = []
  let head: Uint8Array = Buffer.alloc(0)
  // A short line, or the end of a log, is passed on before more arrives.
  while (isUndecided(head)) {
    const next = await source.next()
    if (next.done === true) break
    // Copied, because a chunk may be lent only until the next one is asked for.
    taken.push(Buffer.from(next.value))
    head = Buffer.concat([head, next.value.subarray(0, headLength)])
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* taken
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value
    } finally {
      await source.return?.()
    }
  }
  return { head: head.subarray(0, headLength), all: all() }
}

/** The size of output chunks in bytes: large enough to be few, and not too large. */
const chunkSize = 2 ** 17

const decoderOf = {
  gzip: () => createGunzip({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize })
}

const asFailure = (kind: string, cause: unknown): RalphError => {
  const reason = messageOf(cause)
  // unbzip2-stream reads beyond the end, and finds nothing there.
  return /unexpected end|prematurely|of undefined/.test(reason)
    ? new RalphError('INVALID_INPUT', `the input ends in the middle of its ${kind} data`, {}, { cause })
    : new RalphError('INVALID_INPUT', `the input is not ${kind} data, or is broken: ${reason}`, {}, { cause })
}

const isOfZlib = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && /^(Z|ZSTD)_/.test(String(error.code))

/** A decoder takes more than one chunk at a time, and these may be lent. */
async function* copied(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) yield Buffer.from(chunk)
}

const throughZlib = (chunks: AsyncIterable<Uint8Array>, kind: 'gzip' | 'zstd'): AsyncIterable<Uint8Array> => {
  const source = Readable.from(kind === 'zstd' ? cutFrames(chunks) : chunks)
  // A failure destroys all of them, and is thrown where the last one is read.
  return pipeline(source, decoderOf[kind](), () => {})
}

/** The package is older than backpressure in streams. It gets one chunk at a time, and gives its output. */
const throughBzip2 = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const { default: unbzip2 } = await import('unbzip2-stream')
  const stream = unbzip2()
  let plain: Uint8Array[] = []
  let failure: { readonly cause: unknown } | undefined
  stream.on('data', (chunk: Uint8Array) => plain.push(chunk))
  stream.on('error', (cause) => {
    failure ??= { cause }
  })
  const taken = (): readonly Uint8Array[] => {
    const all = plain
    plain = []
    return all
  }
  for await (const chunk of chunks) {
    stream.write(chunk)
    yield* taken()
    if (failure !== undefined) break
  }
  if (failure === undefined) stream.end()
  yield* taken()
  if (failure !== undefined) throw asFailure('bz2', failure.cause)
}

/**
 * The decompressed bytes. An input chunk may be lent until the next one is asked for; the output chunks are lent in the same way. `auto`
 * decides by the first bytes. Members that follow each other, as of `cat a.gz b.gz`, are one input. Throws `INVALID_INPUT` for broken or
 * incomplete data, after all that could be read.
 */
export async function* decompress(
  chunks: AsyncIterable<Uint8Array>,
  compression: Compression
): AsyncGenerator<Uint8Array, void, undefined> {
  const { head, all } = await peek(chunks)
  const kind = compression === 'auto' ? detectCompression(head) : compression
  if (kind === 'none' || head.length === 0) {
    yield* all
    return
  }
  if (kind === 'bz2') {
    yield* throughBzip2(copied(all))
    return
  }
  try {
    yield* throughZlib(copied(all), kind)
  } catch (error) {
    throw isOfZlib(error) ? asFailure(kind, error) : error
  }
}
