import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { ByteRange } from './file.ts'

/** One line without its line feed. The bytes are valid only until the next line is requested. */
export interface Line {
  readonly offset: number
  readonly bytes: Buffer
}

const lineFeed = 0x0a
const bufferSize = 256 * 1024

/** The whole lines in some bytes, and the unfinished last line. */
export const linesIn = (bytes: Buffer): { readonly lines: Buffer[]; readonly rest: Buffer } => {
  const lines: Buffer[] = []
  let from = 0
  for (let to = bytes.indexOf(lineFeed); to !== -1; to = bytes.indexOf(lineFeed, from)) {
    lines.push(bytes.subarray(from, to))
    from = to + 1
  }
  return { lines, rest: bytes.subarray(from) }
}

/** Splits a file into lines with one buffer, which grows to the longest line. */
const createLineCutter = ({ offset: start, length }: ByteRange) => {
  let buffer = Buffer.allocUnsafe(bufferSize)
  let filled = 0
  /** The position of the buffer in the file. */
  let offset = start
  const end = start + length
  return {
    /** The next range to read. Undefined at the end. */
    next: (): { readonly into: Buffer; readonly from: number } | undefined => {
      const from = offset + filled
      if (from >= end) return undefined
      if (filled === buffer.length) {
        const larger = Buffer.allocUnsafe(buffer.length * 2)
        buffer.copy(larger)
        buffer = larger
      }
      return { into: buffer.subarray(filled, filled + end - from), from }
    },
    /** This many bytes were read. */
    cut: (count: number, show: (line: Line) => void): void => {
      const { lines, rest } = linesIn(buffer.subarray(0, filled + count))
      for (const bytes of lines) {
        show({ offset, bytes })
        offset += bytes.length + 1
      }
      filled = rest.length
      rest.copy(buffer)
    },
    isUnfinished: () => filled > 0
  }
}

/** Calls `show` with every whole line of a range of the file. Returns whether an unfinished line follows. */
export const eachLine = async (file: FileHandle, range: ByteRange, show: (line: Line) => void): Promise<boolean> => {
  const cutter = createLineCutter(range)
  for (let next = cutter.next(); next !== undefined; next = cutter.next()) {
    const { bytesRead } = await file.read(next.into, 0, next.into.length, next.from)
    if (bytesRead === 0) break
    cutter.cut(bytesRead, show)
  }
  return cutter.isUnfinished()
}

/** Like `eachLine`, for jobs that must not wait. */
export const eachLineNow = (file: FileHandle, range: ByteRange, show: (line: Line) => void): boolean => {
  const cutter = createLineCutter(range)
  for (let next = cutter.next(); next !== undefined; next = cutter.next()) {
    const count = readSync(file.fd, next.into, 0, next.into.length, next.from)
    if (count === 0) break
    cutter.cut(count, show)
  }
  return cutter.isUnfinished()
}
