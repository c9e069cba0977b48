import { isUtf8 } from 'node:buffer'
import type { ThreadChunk } from './thread-work.ts'

/** A line that is not valid text. */
export interface BrokenLine {
  /** From 1. */
  readonly number: number
  readonly reason: string
}

/** Lines that arrived together, without their line ends. */
export interface LineBatch {
  /** Number of the first line, from 1. */
  readonly first: number
  /** Undefined for a broken line. Those are in `broken`, in order. */
  readonly lines: readonly (string | undefined)[]
  readonly broken: readonly BrokenLine[]
  /** Bytes of input, line ends included. */
  readonly bytes: number
}

/** Whole lines that arrived together, unchanged. Only the last line of an input may lack its line end. */
export interface LineBlock extends ThreadChunk {
  /** It is the beginning of the input. */
  readonly isFirst: boolean
  /** A line before it was too long, and was dropped. */
  readonly dropped: boolean
  /** Bytes of input, including what was dropped. */
  readonly size: number
}

/** 16 MiB. No learning record is that long, and a file without line ends must not be held in memory. */
export const defaultMaxLineBytes = 2 ** 24

export interface LineOptions {
  /** A longer line is broken, and its bytes are not kept. */
  readonly maxLineBytes?: number
}

const lineFeed = 10

/** 128 KiB: usually large enough for a chunk and the unfinished line before it. */
const roomSize = 2 ** 17

const empty = Buffer.alloc(0)

export interface BlockOptions extends LineOptions {
  /** Chunks and blocks are valid until the next one is asked for. */
  readonly lent?: boolean
}

/** The bytes of a line that is too long are dropped as they arrive. The next line is read normally. */
export async function* readBlocks(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes = defaultMaxLineBytes, lent = false }: BlockOptions = {}
): AsyncGenerator<LineBlock, void, undefined> {
  let kept: Buffer[] = []
  /** The length of the unfinished line, dropped bytes included. */
  let length = 0
  let isFirst = true

  /** The buffer in which lent blocks are joined. */
  let room = empty

  const join = (parts: readonly Buffer[]): Buffer => {
    const size = parts.reduce((sum, part) => sum + part.length, 0)
    if (!lent || size > roomSize) return Buffer.concat(parts, size)
    if (room.length === 0) room = Buffer.allocUnsafeSlow(roomSize)
    let end = 0
    for (const part of parts) end += part.copy(room, end)
    return room.subarray(0, end)
  }

  /** The unfinished line and `more`, which ends it unless the input ends. Afterwards no line is begun. */
  const take = (more: Buffer): LineBlock => {
    const size = length + more.length
    const dropped = length > maxLineBytes
    const whole = kept.length === 0 ? more : join([...kept, more])
    const block = { bytes: dropped ? whole.subarray(whole.indexOf(lineFeed) + 1) : whole, isFirst, dropped, size }
    kept = []
    length = 0
    isFirst = false
    return block
  }

  for await (const chunk of chunks) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const last = buffer.lastIndexOf(lineFeed)
    const rest = buffer.subarray(last + 1)
    if (last >= 0) yield take(buffer.subarray(0, last + 1))
    length += rest.length
    if (length > maxLineBytes) kept = []
    // Copied: a small rest must not keep a large chunk in memory, and lent bytes must be returned.
    else if (rest.length > 0) kept.push(lent || rest.length < buffer.length / 2 ? Buffer.from(rest) : rest)
  }
  if (length > 0) yield take(empty)
}

/** The lines of a block. `first` is the number of its first line, or of the dropped line before it. */
export const linesOf = (
  { bytes, dropped, size }: Omit<LineBlock, 'isFirst'>,
  first: number,
  { maxLineBytes = defaultMaxLineBytes }: LineOptions = {}
): LineBatch => {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const end = buffer.length - (buffer.at(-1) === lineFeed ? 1 : 0)
  const whole = buffer.subarray(0, end)
  if (!dropped && whole.length <= maxLineBytes && isUtf8(whole)) {
    return { first, lines: whole.toString('utf8').split('\n'), broken: [], bytes: size }
  }
  const tooLong = `is longer than ${maxLineBytes} bytes`
  const lines: (string | undefined)[] = []
  const broken: BrokenLine[] = []
  if (dropped) {
    lines.push(undefined)
    broken.push({ number: first, reason: tooLong })
  }
  for (let start = 0; start <= whole.length && buffer.length > 0; ) {
    const next = whole.indexOf(lineFeed, start)
    const line = whole.subarray(start, next < 0 ? whole.length : next)
    const reason = line.length > maxLineBytes ? tooLong : isUtf8(line) ? undefined : 'is not UTF-8'
    if (reason === undefined) lines.push(line.toString('utf8'))
    else {
      broken.push({ number: first + lines.length, reason })
      lines.push(undefined)
    }
    start += line.length + 1
  }
  return { first, lines, broken, bytes: size }
}

/** Bytes as lines of text, in batches as they arrive. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  options: LineOptions = {}
): AsyncGenerator<LineBatch, void, undefined> {
  let first = 1
  for await (const block of readBlocks(chunks, options)) {
    const batch = linesOf(block, first, options)
    first += batch.lines.length
    yield batch
  }
}
