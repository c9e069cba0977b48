import { type LineBlock, linesOf } from '../streams/lines.ts'
import type { CreateWork, Piece } from '../streams/pieces.ts'
import { type ParserName, parsers } from './extract-parsers.ts'
import { trimLine } from './records.ts'

/** What every thread is told. */
export interface ExtractTask {
  readonly parser: ParserName
  readonly maxLineBytes: number
}

/** A line that holds nothing. */
export interface Unextracted {
  /** In its block, from 0. */
  readonly index: number
  readonly reason: string
  /** Undefined: it cannot be shown. */
  readonly text: string | undefined
}

/** What became of a block: records, one per line. */
export interface ExtractedBlock extends Piece {
  readonly bad: readonly Unextracted[]
  readonly extracted: number
  /** Lines of the block, empty and dropped ones too. */
  readonly lines: number
  /** Of input. */
  readonly size: number
}

export const createWork: CreateWork<ExtractTask, LineBlock, ExtractedBlock> =
  ({ parser, maxLineBytes }) =>
  (block) => {
    const parse = parsers[parser]
    const { lines, broken } = linesOf(block, 0, { maxLineBytes })
    const bad: Unextracted[] = broken.map(({ number, reason }) => ({ index: number, reason, text: undefined }))
    let out = ''
    let extracted = 0
    for (const [index, raw] of lines.entries()) {
      if (raw === undefined) continue
      const line = trimLine(raw, index + 1)
      if (line.trim() === '') continue
      const result = parse(line)
      if ('text' in result) {
        out += `${result.text}\n`
        extracted += 1
      } else bad.push({ index, reason: result.reason, text: line })
    }
    bad.sort((one, other) => one.index - other.index)
    return { bytes: Buffer.from(out), bad, extracted, lines: lines.length, size: block.size }
  }
