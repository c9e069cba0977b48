import type { FileHandle } from 'node:fs/promises'
import { type Place, read, readNow } from './file.ts'

/** One line without its line feed. */
export interface Line {
  readonly offset: number
  readonly bytes: Buffer
}

const lineFeed = 0x0a
const chunkSize = 1024 * 1024

/** Cuts what is pushed into lines; what has no line feed yet waits for the next push. */
export const createLineCutter = (start: number) => {
  let offset = start
  let rest: Buffer = Buffer.alloc(0)
  return {
    push: (chunk: Buffer): Line[] => {
      const lines: Line[] = []
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let from = 0
      // Of the rest it is known that it has none.
      for (let to = bytes.indexOf(lineFeed, rest.length); to !== -1; to = bytes.indexOf(lineFeed, from)) {
        lines.push({ offset: offset + from, bytes: bytes.subarray(from, to) })
        from = to + 1
      }
      offset += from
      rest = bytes.subarray(from)
      return lines
    },
    /** The last line, if it has no line feed. */
    rest: (): Line | undefined => (rest.length === 0 ? undefined : { offset, bytes: rest })
  }
}

function* chunks({ offset, length }: Place): Generator<Place> {
  for (let at = 0; at < length; at += chunkSize) {
    yield { offset: offset + at, length: Math.min(chunkSize, length - at) }
  }
}

/** Shows every whole line of a stretch of the file; returns the unfinished last one. */
export const eachLine = async (
  file: FileHandle,
  place: Place,
  show: (line: Line) => void
): Promise<Line | undefined> => {
  const cutter = createLineCutter(place.offset)
  for (const chunk of chunks(place)) for (const line of cutter.push(await read(file, chunk))) show(line)
  return cutter.rest()
}

/** As `eachLine`, for jobs that must not wait. */
export const eachLineNow = (file: FileHandle, place: Place, show: (line: Line) => void): Line | undefined => {
  const cutter = createLineCutter(place.offset)
  for (const chunk of chunks(place)) for (const line of cutter.push(readNow(file, chunk))) show(line)
  return cutter.rest()
}
