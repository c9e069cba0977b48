import { type LineBlock, linesOf } from '../streams/lines.ts'
import type { CreateWork } from '../streams/pieces.ts'
import type { Fault } from '../validation/explain.ts'
import type { FilteredBlock, FilterTask, RefusedLine } from './filter.ts'
import type { Judgement, Wanted } from './judges.ts'
import { printable } from './printable.ts'
import { parseRecord, trimLine } from './records.ts'

/** What every thread is told. */
export interface ValidateTask extends Wanted, FilterTask {}

const lineFeed = 10

/** The lines of a block that are wanted, each with an end. */
const pick = (bytes: Uint8Array, wanted: readonly boolean[]): Uint8Array => {
  const parts: Uint8Array[] = []
  let start = 0
  for (const isWanted of wanted) {
    const next = bytes.indexOf(lineFeed, start)
    const end = next < 0 ? bytes.length : next + 1
    if (isWanted) parts.push(bytes.subarray(start, end))
    if (isWanted && next < 0) parts.push(Uint8Array.of(lineFeed))
    start = end
  }
  return Buffer.concat(parts)
}

const saidOf = ({ pointer, rule, expected }: Fault): string =>
  `${pointer === '' ? 'it' : pointer} breaks ${rule}: expected ${expected}`

type Refusal = Omit<RefusedLine, 'index'>

const broken = (reason: string, rule: string, text: string | undefined): Refusal => ({
  unknown: undefined,
  reason: printable(reason),
  problems: [{ pointer: '', rule, expected: 'a line with one JSON object in UTF-8' }],
  text
})

/** Why a line is not valid; undefined when it is. */
const refuse = (
  text: string,
  line: number,
  judge: (value: unknown, text: string) => Judgement
): Refusal | undefined => {
  const read = parseRecord(text, line)
  if ('reason' in read) return broken(read.reason, 'json', text)
  const { unknown, problems } = judge(read.value, text)
  if (unknown !== undefined) {
    const reason = printable(`is ${unknown}, which no model is for`)
    return {
      unknown: printable(unknown),
      reason,
      problems: [{ pointer: '', rule: 'known', expected: 'a known model' }],
      text
    }
  }
  if (problems.length === 0) return undefined
  return { unknown: undefined, reason: printable(`is not valid: ${problems.map(saidOf).join('; ')}`), problems, text }
}

/** The valid lines of a block, as they came. */
export const createWork: CreateWork<ValidateTask, LineBlock, FilteredBlock> = async (task) => {
  const { createJudge } = await import('./judges.ts')
  const judge = await createJudge(task)
  return (block) => {
    const { lines, broken: unreadable, bytes: size } = linesOf(block, 0, task)
    const refused: RefusedLine[] = []
    const wanted: boolean[] = []
    let passed = 0
    let stopped = false
    for (let index = 0; index < lines.length && !stopped; index += 1) {
      const raw = lines[index]
      const text = raw === undefined ? undefined : trimLine(raw, block.isFirst ? index + 1 : 0)
      if (text !== undefined && text.trim() === '') {
        wanted.push(false)
        continue
      }
      const refusal =
        text === undefined
          ? broken(unreadable.find(({ number }) => number === index)?.reason ?? 'cannot be read', 'line', undefined)
          : refuse(text, index, judge)
      wanted.push(refusal === undefined)
      if (refusal === undefined) passed += 1
      else {
        refused.push({ index, ...refusal })
        stopped = refusal.unknown === undefined ? task.stopAtInvalid : task.stopAtUnknown
      }
    }
    const isWhole = passed === lines.length && block.bytes.at(-1) === lineFeed
    const bytes = isWhole ? block.bytes : pick(block.bytes, block.dropped ? wanted.slice(1) : wanted)
    return { bytes, refused, passed, lines: lines.length, size, stopped }
  }
}
