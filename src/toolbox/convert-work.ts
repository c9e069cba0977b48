import { RalphError } from '../errors.ts'
import { type LineBlock, linesOf } from '../streams/lines.ts'
import type { CreateWork, Piece } from '../streams/pieces.ts'
import { validateStatement } from '../validation/statement.ts'
import { type ConverterOptions, type ConvertLine, findConverter } from './converters.ts'
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

/** What became of a block: statements, one per line. */
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

const invalidReason = (problems: ReturnType<typeof validateStatement>): string => {
  const [{ pointer, rule, expected } = { pointer: '', rule: '', expected: '' }] = problems
  return `becomes no valid statement: ${pointer === '' ? 'it' : pointer} breaks ${rule}: expected ${expected}`
}

const lineFeed = 10

const blockWork =
  (convert: ConvertLine, { maxLineBytes, stopAtInvalid, stopAtUnknown }: ConvertTask) =>
  (block: LineBlock): ConvertedBlock => {
    const { lines, broken } = linesOf(block, 0, { maxLineBytes })
    const isEnded = block.bytes.length === 0 || block.bytes.at(-1) === lineFeed
    const unconverted: Unconverted[] = []
    let out = ''
    let converted = 0
    let stopped = false
    for (let index = 0; index < lines.length && !stopped; index++) {
      const raw = lines[index]
      if (raw === undefined) {
        const reason = broken.find(({ number }) => number === index)?.reason ?? 'cannot be read'
        unconverted.push({ index, unknown: undefined, reason, text: undefined })
        stopped = stopAtInvalid
        continue
      }
      const text = trimLine(raw, index + 1)
      if (text.trim() === '') continue
      const result = convert(text, isEnded || index < lines.length - 1 ? `${raw}\n` : raw)
      if ('statement' in result) {
        const problems = validateStatement(result.statement, '1.0.3')
        if (problems.length === 0) {
          out += `${JSON.stringify(result.statement)}\n`
          converted += 1
          continue
        }
        unconverted.push({ index, unknown: undefined, reason: invalidReason(problems), text })
        stopped = stopAtInvalid
      } else if ('unknown' in result) {
        unconverted.push({ index, unknown: result.kind, reason: result.unknown, text })
        stopped = stopAtUnknown
      } else {
        unconverted.push({ index, unknown: undefined, reason: result.reason, text })
        stopped = stopAtInvalid
      }
    }
    return { bytes: Buffer.from(out), unconverted, converted, lines: lines.length, size: block.size, stopped }
  }

export const createWork: CreateWork<ConvertTask, LineBlock, ConvertedBlock> = async (task) => {
  const converter = findConverter(task.from, task.to)
  if (converter === undefined) throw new RalphError('INTERNAL', `nothing converts ${task.from} to ${task.to}`)
  return blockWork((await converter.load())(task.options), task)
}
