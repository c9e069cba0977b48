import { RalphError } from '../errors.ts'
import type { LineBlock } from '../streams/lines.ts'
import type { CreateWork, Piece } from '../streams/pieces.ts'
import { visitLines } from '../streams/visit-lines.ts'
import { type ConverterOptions, type ConvertLine, findConverter } from './converters.ts'
import { printable } from './printable.ts'
import { trimLine } from './records.ts'

/** What every thread is told. */
export interface ConvertTask {
  readonly from: string
  readonly to: string
  readonly options: ConverterOptions
  readonly maxLineBytes: number
  /** A block ends before its first line that is wrong. */
  readonly stopAtInvalid: boolean
  /** A block ends before its first line that nobody knows. */
  readonly stopAtUnknown: boolean
}

/** A line that became no statement. */
export interface Unconverted {
  /** In its block, from 0. */
  readonly index: number
  /** Undefined: it is wrong. */
  readonly unknown: string | undefined
  readonly reason: string
  /** Undefined: it cannot be shown. */
  readonly text: string | undefined
}

/**
 * What became of a block: statements, one per line. They are valid by how they are made, which tests prove; to judge
 * each here would take a quarter of the time.
 */
export interface ConvertedBlock extends Piece {
  readonly unconverted: readonly Unconverted[]
  readonly converted: number
  /** Lines of the block, empty and dropped ones too. */
  readonly lines: number
  /** Of input. */
  readonly size: number
  /** It ended early: the last of `unconverted` says why. */
  readonly stopped: boolean
}

const isBlank = /^\s*$/

const pageSize = 2 ** 18

/** Text that is written line by line, into one buffer that is used again and again. */
const createPage = () => {
  let buffer = Buffer.allocUnsafe(pageSize)
  let length = 0
  const makeRoom = (bytes: number): void => {
    if (length + bytes <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(length + bytes, buffer.length * 2))
    buffer.copy(larger, 0, 0, length)
    buffer = larger
  }
  return {
    add: (text: string): void => {
      // Three bytes are the most that UTF-8 needs for a UTF-16 unit; only a long text is measured.
      makeRoom(text.length < pageSize / 4 ? text.length * 3 : Buffer.byteLength(text))
      length += buffer.write(text, length, 'utf8')
    },
    /** What was written since the last time. */
    take: (): Uint8Array => {
      const taken = new Uint8Array(buffer.subarray(0, length))
      length = 0
      if (buffer.length > 8 * pageSize) buffer = Buffer.allocUnsafe(pageSize)
      return taken
    }
  }
}

const blockWork = (convert: ConvertLine, { maxLineBytes, stopAtInvalid, stopAtUnknown }: ConvertTask) => {
  const page = createPage()
  return (block: LineBlock): ConvertedBlock => {
    const unconverted: Unconverted[] = []
    let converted = 0
    let stopped = false
    const lines = visitLines(
      block,
      { maxLineBytes },
      (raw, bytes, index) => {
        const text = trimLine(raw, block.isFirst ? index + 1 : 0)
        if (isBlank.test(text)) return false
        const result = convert(text, bytes)
        if ('statement' in result) {
          page.add(`${JSON.stringify(result.statement)}\n`)
          converted += 1
          return false
        }
        const isUnknown = 'unknown' in result
        const reason = printable(isUnknown ? result.unknown : result.reason)
        unconverted.push({ index, unknown: isUnknown ? printable(result.kind) : undefined, reason, text })
        stopped = isUnknown ? stopAtUnknown : stopAtInvalid
        return stopped
      },
      (reason, index) => {
        unconverted.push({ index, unknown: undefined, reason, text: undefined })
        stopped = stopAtInvalid
        return stopped
      }
    )
    return { bytes: page.take(), unconverted, converted, lines, size: block.size, stopped }
  }
}

export const createWork: CreateWork<ConvertTask, LineBlock, ConvertedBlock> = async (task) => {
  const converter = findConverter(task.from, task.to)
  if (converter === undefined) throw new RalphError('INTERNAL', `nothing converts ${task.from} to ${task.to}`)
  return blockWork((await converter.load())(task.options), task)
}
