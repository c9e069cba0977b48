import { isUtf8 } from 'node:buffer'

/** A line that cannot be text of ours. */
export interface BrokenLine {
  /** From 1. */
  readonly number: number
  readonly reason: string
}

/** Lines that arrived together, without their ends. */
export interface LineBatch {
  /** Number of the first line, from 1. */
  readonly first: number
  /** Undefined where a line is broken: those are in `broken`, in order. */
  readonly lines: readonly (string | undefined)[]
  readonly broken: readonly BrokenLine[]
  /** Of input, line ends included. */
  readonly bytes: number
}

/** 16 MiB: no learning record is near it, and a file without line ends must not be held in memory. */
export const defaultMaxLineBytes = 2 ** 24

export interface LineOptions {
  /** A longer line is broken, and its bytes are not kept. */
  readonly maxLineBytes?: number
}

const lineFeed = 10

/** Bytes of a long line are dropped as they come; what follows its end is ordinary again. */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  { maxLineBytes = defaultMaxLineBytes }: LineOptions = {}
): AsyncGenerator<LineBatch, void, undefined> {
  const tooLong = `is longer than ${maxLineBytes} bytes`
  let number = 1
  let kept: Buffer[] = []
  /** Of the line that has begun, dropped bytes included. */
  let length = 0

  const batchOf = (whole: Buffer, dropped: boolean, bytes: number): LineBatch => {
    const first = number
    const broken: BrokenLine[] = []
    const fast = !dropped && whole.length <= maxLineBytes && isUtf8(whole)
    const lines: (string | undefined)[] = []
    if (fast) {
      for (const line of whole.toString('utf8').split('\n')) lines.push(line)
    } else {
      let start = 0
      if (dropped) {
        lines.push(undefined)
        broken.push({ number: first, reason: tooLong })
        start = whole.indexOf(lineFeed) + 1 || whole.length + 1
      }
      while (start <= whole.length) {
        const next = whole.indexOf(lineFeed, start)
        const end = next < 0 ? whole.length : next
        const line = whole.subarray(start, end)
        const reason = line.length > maxLineBytes ? tooLong : isUtf8(line) ? undefined : 'is not UTF-8'
        if (reason === undefined) lines.push(line.toString('utf8'))
        else {
          broken.push({ number: first + lines.length, reason })
          lines.push(undefined)
        }
        start = end + 1
      }
    }
    number += lines.length
    return { first, lines, broken, bytes }
  }

  /** What is kept of the line that has begun, with `more`; and begins anew. */
  const take = (more: Buffer, ends: number): LineBatch => {
    const bytes = length + more.length + ends
    const dropped = length > maxLineBytes
    const whole = dropped || kept.length === 0 ? more : Buffer.concat([...kept, more])
    kept = []
    length = 0
    return batchOf(whole, dropped, bytes)
  }

  for await (const chunk of chunks) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const last = buffer.lastIndexOf(lineFeed)
    const rest = buffer.subarray(last + 1)
    if (last >= 0) yield take(buffer.subarray(0, last), 1)
    length += rest.length
    if (length > maxLineBytes) kept = []
    // A copy: a small rest must not keep a large chunk in memory.
    else if (rest.length > 0) kept.push(rest.length < buffer.length / 2 ? Buffer.from(rest) : rest)
  }
  if (length > 0) yield take(Buffer.alloc(0), 0)
}
