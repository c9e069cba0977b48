import { pipeline, Readable } from 'node:stream'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import { RalphError } from '../errors.ts'
import { type Compression, detectCompression } from './compression.ts'
import { cutFrames } from './zstd-frames.ts'

/** Enough to tell what something is compressed with. */
const headLength = 4

/** The first bytes, and all bytes. */
const peek = async (
  chunks: AsyncIterable<Uint8Array>
): Promise<{ readonly head: Uint8Array; readonly all: AsyncGenerator<Uint8Array> }> => {
  const source = chunks[Symbol.asyncIterator]()
  const taken: Uint8Array[] = []
  let length = 0
  while (length < headLength) {
    const next = await source.next()
    if (next.done === true) break
    taken.push(next.value)
    length += next.value.length
  }
  const all = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield* taken
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value
    } finally {
      await source.return?.()
    }
  }
  return { head: Buffer.concat(taken).subarray(0, headLength), all: all() }
}

/** Output comes in chunks of so many bytes: few, for what they cost each, and not large. */
const chunkSize = 2 ** 17

const decoderOf = {
  gzip: () => createGunzip({ chunkSize }),
  zstd: () => createZstdDecompress({ chunkSize })
}

const throughZlib = (chunks: AsyncIterable<Uint8Array>, kind: 'gzip' | 'zstd'): AsyncIterable<Uint8Array> => {
  const source = Readable.from(kind === 'zstd' ? cutFrames(chunks) : chunks)
  // What fails destroys all of them, and is thrown where the last one is read.
  return pipeline(source, decoderOf[kind](), () => {})
}

const throughBzip2 = async (chunks: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> => {
  const { default: unbzip2 } = await import('unbzip2-stream')
  const source = Readable.from(chunks)
  const old = unbzip2()
  source.on('error', (error) => old.emit('error', error))
  // Written for streams as they were before Node 0.10.
  return new Readable({ objectMode: false }).wrap(source.pipe(old) as unknown as NodeJS.ReadableStream)
}

const asFailure = (kind: string, cause: unknown): unknown => {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  const reason = cause instanceof Error ? cause.message : String(cause)
  if (kind !== 'bz2' && !code.startsWith('Z_') && !code.startsWith('ZSTD_')) return cause
  if (cause instanceof RalphError) return cause
  // unbzip2-stream reads on behind the end, and finds nothing there.
  return /unexpected end|prematurely|of undefined/.test(reason)
    ? new RalphError('INVALID_INPUT', `the input ends in the middle of its ${kind} data`, {}, { cause })
    : new RalphError('INVALID_INPUT', `the input is no ${kind} data, or broken: ${reason}`, {}, { cause })
}

/**
 * Bytes as they were before they were compressed. `auto` looks at how they begin; members that follow each other, as
 * `cat a.gz b.gz` gives them, are one. `INVALID_INPUT` for what is broken or cut off, after all that could be read.
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
  try {
    yield* kind === 'bz2' ? await throughBzip2(all) : throughZlib(all, kind)
  } catch (error) {
    throw asFailure(kind, error)
  }
}
