import { RalphError } from '../errors.ts'
import type { LineBlock } from '../streams/lines.ts'
import type { CreateWork } from '../streams/thread-work.ts'
import { visitLines } from '../streams/visit-lines.ts'
import { type ConverterOptions, type ConvertLine, findConverter } from './converters.ts'
import { wrappedReason } from './extract-parsers.ts'
import type { FilteredBlock, FilterTask, RefusedLine } from './filter.ts'
import { escapedReason } from './nginx-escapes.ts'
import { parseRecord, recordIn } from './records.ts'

/** What every thread is told. */
export interface ConversionTask extends FilterTask {
  readonly from: string
  readonly to: string
  readonly options: ConverterOptions
}

const isBlank = /^\s*$/

const openBrace = 0x7b
const closeBrace = 0x7d
const lineFeed = 10

/**
 * What the id of a statement is made from: the record and a line feed. What stands around the record on its line (a
 * byte order mark, CR, spaces, what a logger wrote) does not make it another event, and neither does the end of a file.
 */
const nameOf = (record: string, line: Uint8Array): Uint8Array =>
  line[0] === openBrace && line.at(-2) === closeBrace && line.at(-1) === lineFeed
    ? line
    : Buffer.from(`${record.trim()}\n`)

/** The whole line. One that a logger wrote something in front of is none that it would have read. */
const readByPython = (record: string, line: Uint8Array): Uint8Array =>
  line[0] === openBrace ? line : nameOf(record, line)

const wrappedIn = (text: string): string | undefined => {
  const read = parseRecord(text, 0)
  return 'value' in read ? wrappedReason(read.value) : escapedReason(text)
}

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

/**
 * Statements of a block, one per line. They are valid by how they are made, which tests prove; to judge each here would
 * take a quarter of the time.
 */
const blockWork = (
  convert: ConvertLine,
  { maxLineBytes, stopAtInvalid, stopAtUnknown, options: { shape } }: ConversionTask
) => {
  // Python Ralph makes the id of all that it read of a line.
  const named = shape === 'ralph' ? readByPython : nameOf
  const page = createPage()
  return (block: LineBlock): FilteredBlock => {
    const refused: RefusedLine[] = []
    let passed = 0
    let stopped = false
    const lines = visitLines(
      block,
      { maxLineBytes },
      (raw, index, start, end) => {
        const text = recordIn(raw)
        if (isBlank.test(text)) return false
        const result = convert(text, named(text, block.bytes.subarray(start, end)))
        if ('statement' in result) {
          page.add(`${JSON.stringify(result.statement)}\n`)
          for (const each of result.further ?? []) page.add(`${JSON.stringify(each)}\n`)
          passed += 1
          return false
        }
        const wrapped = wrappedIn(text)
        const isUnknown = wrapped === undefined && 'unknown' in result
        const reason = wrapped ?? ('unknown' in result ? result.unknown : result.reason)
        refused.push({ index, unknown: isUnknown ? result.kind : undefined, reason, problems: [], text })
        stopped = isUnknown ? stopAtUnknown : stopAtInvalid
        return stopped
      },
      (reason, index) => {
        refused.push({ index, unknown: undefined, reason, problems: [], text: undefined })
        stopped = stopAtInvalid
        return stopped
      }
    )
    return { bytes: page.take(), refused, passed, lines, size: block.size, stopped }
  }
}

export const createWork: CreateWork<ConversionTask, LineBlock, FilteredBlock> = async (task) => {
  const converter = findConverter(task.from, task.to)
  if (converter === undefined) throw new RalphError('INTERNAL', `nothing converts ${task.from} to ${task.to}`)
  return blockWork((await converter.load())(task.options), task)
}
