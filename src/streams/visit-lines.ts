import { isUtf8 } from 'node:buffer'
import { defaultMaxLineBytes, type LineBlock, type LineOptions, linesOf } from './lines.ts'

/** Told of each line in its order; true: enough. `index` is from 0, `bytes` are those of the line with its end. */
export type VisitLine = (text: string, bytes: Uint8Array, index: number) => boolean

/** Told of each line that is no text, as `VisitLine`. */
export type VisitBroken = (reason: string, index: number) => boolean

const lineFeed = 10

const visitTexts = (buffer: Buffer, visit: VisitLine): number => {
  let index = 0
  for (let start = 0, end = 0; start < buffer.length; start = end) {
    const next = buffer.indexOf(lineFeed, start)
    end = next < 0 ? buffer.length : next + 1
    const text = buffer.toString('utf8', start, next < 0 ? end : next)
    if (visit(text, buffer.subarray(start, end), index++)) break
  }
  return index
}

const visitBroken = (block: LineBlock, options: LineOptions, visit: VisitLine, broken: VisitBroken): number => {
  const batch = linesOf(block, 0, options)
  let end = 0
  for (const [index, text] of batch.lines.entries()) {
    const start = end
    // A line that was dropped has left no bytes.
    if (index > 0 || !block.dropped) end = block.bytes.indexOf(lineFeed, start) + 1 || block.bytes.length
    const reason = batch.broken.find(({ number }) => number === index)?.reason ?? ''
    const enough = text === undefined ? broken(reason, index) : visit(text, block.bytes.subarray(start, end), index)
    if (enough) return index + 1
  }
  return batch.lines.length
}

/**
 * Goes through the lines of a block as `linesOf` has them, and keeps none: what lives no longer than a line costs the
 * collector nothing. Gives how many lines were visited.
 */
export const visitLines = (block: LineBlock, options: LineOptions, visit: VisitLine, broken: VisitBroken): number => {
  const { bytes, dropped } = block
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!dropped && buffer.length <= (options.maxLineBytes ?? defaultMaxLineBytes) && isUtf8(buffer)) {
    return visitTexts(buffer, visit)
  }
  return visitBroken(block, options, visit, broken)
}
