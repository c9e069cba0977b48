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

/** Where what is wanted of a line begins, in bytes; undefined: none of it is wanted. */
type Wanted = number | undefined

/** What is wanted of the lines of a block, each with an end. */
const pick = (bytes: Uint8Array, wanted: readonly Wanted[]): Uint8Array => {
  const parts: Uint8Array[] = []
  let start = 0
  for (const from of wanted) {
    const next = bytes.indexOf(lineFeed, start)
    const end = next < 0 ? bytes.length : next + 1
    if (from !== undefined) parts.push(bytes.subarray(start + from, end))
    if (from !== undefined && next < 0) parts.push(Uint8Array.of(lineFeed))
    start = end
  }
  return Buffer.concat(parts)
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
    const wanted: Wanted[] = []
    let passed = 0
    let stopped = false
    let isWhole = block.bytes.at(-1) === lineFeed
    /** Whether the block ends there. */
    const turnAway = (refusal: Refusal, index: number): boolean => {
      wanted.push(undefined)
      refused.push({ index, ...refusal })
      stopped = refusal.unknown === undefined ? task.stopAtInvalid : task.stopAtUnknown
      return stopped
    }
    const visit = (raw: string, _: Uint8Array, index: number): boolean => {
      const text = recordIn(raw)
      if (text.trim() === '') {
        wanted.push(undefined)
        return false
      }
      const refusal = refuse(text, index, judge)
      if (refusal !== undefined) return turnAway(refusal, index)
      const from = raw === text ? 0 : prefixBytes(raw, block.isFirst && index === 0)
      isWhole &&= from === 0
      wanted.push(from)
      passed += 1
      return false
    }
    const lines = visitLines(block, task, visit, (reason, index) => turnAway(broken(reason, 'line', undefined), index))
    isWhole &&= passed === lines
    const bytes = isWhole ? block.bytes : pick(block.bytes, block.dropped ? wanted.slice(1) : wanted)
    return { bytes, refused, passed, lines, size: block.size, stopped }
  }
}
