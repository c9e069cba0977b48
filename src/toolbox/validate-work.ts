import type { LineBlock } from '../streams/lines.ts'
import type { CreateWork } from '../streams/thread-work.ts'
import { visitLines } from '../streams/visit-lines.ts'
import type { Fault } from '../validation/explain.ts'
import { wrappedReason } from './extract-parsers.ts'
import type { FilteredBlock, FilterTask, RefusedLine } from './filter.ts'
import { escapedReason } from './nginx-escapes.ts'
import type { RecordValidation, ExpectedRecords as WantedRecords } from './record-validators.ts'
import { parseRecord, recordIn, recordStart } from './records.ts'

/** What every thread is told. */
export interface ValidateTask extends WantedRecords, FilterTask {}

const lineFeed = 10

/** Collects what passes of a block. Lines that follow each other are one part, and a whole block is not copied. */
const createPicked = (bytes: Uint8Array) => {
  const parts: Uint8Array[] = []
  let from = 0
  let to = 0
  const close = (): void => {
    if (to > from) parts.push(bytes.subarray(from, to))
  }
  return {
    /** [start, end) is behind all that was added before. */
    add: (start: number, end: number): void => {
      if (start !== to) {
        close()
        from = start
      }
      to = end
    },
    /** All of it, with a line feed at its end. */
    take: (): Uint8Array => {
      close()
      if (to > from && bytes[to - 1] !== lineFeed) parts.push(Uint8Array.of(lineFeed))
      const [only] = parts
      return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
    }
  }
}

/** What stands in front of the record goes; the byte order mark that begins an input stays, as it came. */
const prefixBytes = (line: string, isFirst: boolean): number => {
  const start = recordStart(line)
  return start === 1 && isFirst ? 0 : Buffer.byteLength(line.slice(0, start))
}

const saidOf = ({ pointer, rule, expected }: Fault): string =>
  `${pointer === '' ? 'it' : pointer} breaks ${rule}: expected ${expected}`

type Refusal = Omit<RefusedLine, 'index'>

const broken = (reason: string, rule: string, text: string | undefined): Refusal => ({
  unknown: undefined,
  reason,
  problems: [{ pointer: '', rule, expected: 'a line with one JSON object in UTF-8' }],
  text
})

/** Why a line is not valid; undefined when it is. */
const refuse = (
  text: string,
  line: number,
  judge: (value: unknown, text: string) => RecordValidation
): Refusal | undefined => {
  const read = parseRecord(text, line)
  if ('reason' in read) return broken(escapedReason(text) ?? read.reason, 'json', text)
  const { unknown, problems } = judge(read.value, text)
  if (unknown === undefined && problems.length === 0) return undefined
  const wrapped = wrappedReason(read.value)
  if (wrapped !== undefined) {
    const rule = { pointer: '', rule: 'wrapped', expected: 'a record, without anything around it' }
    return { unknown: undefined, reason: wrapped, problems: [rule], text }
  }
  if (unknown !== undefined) {
    const reason = `is ${unknown}, which no model is for`
    return {
      unknown,
      reason,
      problems: [{ pointer: '', rule: 'known', expected: 'a known model' }],
      text
    }
  }
  return { unknown: undefined, reason: `is not valid: ${problems.map(saidOf).join('; ')}`, problems, text }
}

/** The valid lines of a block, as they came. */
export const createWork: CreateWork<ValidateTask, LineBlock, FilteredBlock> = async (task) => {
  const { createRecordValidator } = await import('./record-validators.ts')
  const judge = await createRecordValidator(task)
  return (block) => {
    const refused: RefusedLine[] = []
    const picked = createPicked(block.bytes)
    let passed = 0
    let stopped = false
    /** Whether the block ends there. */
    const turnAway = (refusal: Refusal, index: number): boolean => {
      refused.push({ index, ...refusal })
      stopped = refusal.unknown === undefined ? task.stopAtInvalid : task.stopAtUnknown
      return stopped
    }
    const visit = (raw: string, index: number, start: number, end: number): boolean => {
      const text = recordIn(raw)
      if (text.trim() === '') return false
      const refusal = refuse(text, index, judge)
      if (refusal !== undefined) return turnAway(refusal, index)
      picked.add(raw === text ? start : start + prefixBytes(raw, block.isFirst && index === 0), end)
      passed += 1
      return false
    }
    const lines = visitLines(block, task, visit, (reason, index) => turnAway(broken(reason, 'line', undefined), index))
    return { bytes: picked.take(), refused, passed, lines, size: block.size, stopped }
  }
}
