import { isUtf8 } from 'node:buffer'
import { defaultMaxLineBytes, type LineBlock, type LineOptions, linesOf } from './lines.ts'

/**
 * Called for each line in order. Returns true to stop. `index` is from 0. The line with its line end is [start, end) of the bytes of the
 * block.
 */
export type VisitLine = (text: string, index: number, start: number, end: number) => boolean

/** Called for each line that is not valid text, as `VisitLine`. */
export type VisitBroken = (reason: string, index: number) => boolean

const lineFeed = 10

const visitTexts = (buffer: Buffer, visit: VisitLine): number => {
  let index = 0
  for (let start = 0, end = 0; start < buffer.length; start = end) {
    const next = buffer.indexOf(lineFeed, start)
    end = next < 0 ? buffer.length : next + 1
    const text = buffer.toString('utf8', start, next < 0 ? end : next)
    if (visit(text, index++, start, end)) break
  }
  return index
}

const visitBroken = (block: LineBlock, options: LineOptions, visit: VisitLine, broken: VisitBroken): number => {
  const batch = linesOf(block, 0, options)
  let end = 0
  for (const [index, text] of batch.lines.entries()) {
    const start = end
    // A dropped line has no bytes.
    if (index > 0 || !block.dropped) end = block.bytes.indexOf(lineFeed, start) + 1 || block.bytes.length
    const reason = batch.broken.find(({ number }) => number === index)?.reason ?? ''
    const enough = text === undefined ? broken(reason, index) : visit(text, index, start, end)
    if (enough) return index + 1
  }
  return batch.lines.length
}

/**
 * Visits the lines of a block in the form of `linesOf`, and keeps none: a line that lives only for a moment costs the garbage collector
 * nothing. Returns the number of visited lines.
 */
export const visitLines = (block: LineBlock, options: LineOptions, visit: VisitLine, broken: VisitBroken): number => {
  const { bytes, dropped } = block
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!dropped && buffer.length <= (options.maxLineBytes ?? defaultMaxLineBytes) && isUtf8(buffer)) {
    return visitTexts(buffer, visit)
  }
  return visitBroken(block, options, visit, broken)
}
