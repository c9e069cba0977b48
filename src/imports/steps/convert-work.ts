import { createNames } from '../../edx/convert/statement-id.ts'
import { RalphError } from '../../errors.ts'
import { onOneLine } from '../../json/exact.ts'
import { isObject } from '../../json/values.ts'
import type { CreateWork, ThreadChunk } from '../../streams/thread-work.ts'
import { visitLines } from '../../streams/visit-lines.ts'
import { type ConverterOptions, type ConvertLine, findConverter } from '../../toolbox/converters.ts'
import { createExtract } from '../../toolbox/extract-block.ts'
import type { ParserName } from '../../toolbox/extract-parsers.ts'
import type { RecordValidator } from '../../toolbox/record-validators.ts'
import { recordIn } from '../../toolbox/records.ts'
import type { ParsedBlock } from './parse.ts'

/** The data that every thread gets. */
export interface ConvertTask {
  readonly from: 'auto' | 'edx' | 'xapi'
  readonly maxLineBytes: number
  /** `missing`: events cannot be converted, for this reason. */
  readonly converter: ConverterOptions | { readonly missing: string }
  /** The digest of the file. The id of a statement without id is computed from it. */
  readonly sha256: string
  /** Whether statements are validated here. A destination that validates them itself needs no second validation. */
  readonly judge: boolean
}

/** A record that is not passed on. */
export interface RefusedRecord {
  /** Its line in the block, from 0. */
  readonly index: number
  readonly reason: string
  /** Undefined: it cannot be shown. */
  readonly text: string | undefined
}

/** A converted block: statements, in its bytes. */
export interface ConvertedBlock extends ThreadChunk {
  readonly leaf: number
  readonly path: string
  /** For each statement: where it ends in the bytes, its line in the block, and its id. */
  readonly ends: readonly number[]
  readonly at: readonly number[]
  readonly ids: readonly string[]
  readonly refused: readonly RefusedRecord[]
  /** Records that were examined. */
  readonly read: number
  /** Statements that were converted from events. */
  readonly converted: number
  /** Line numbers in the file, from 0: the first line of the block, and the line after the block. */
  readonly first: number
  readonly next: number
}

const isBlank = /^\s*$/

/** A key that only events have. */
const isEvent = (value: { readonly [key: string]: unknown }): boolean =>
  !('verb' in value) && ('event_type' in value || 'event_source' in value || 'event' in value)

type Turned = { readonly texts: readonly string[]; readonly ids: readonly string[] } | { readonly reason: string }

interface Tools {
  readonly task: ConvertTask
  /** Throws if there is no converter. */
  readonly convert: ConvertLine
  /** Undefined: the destination validates. */
  readonly judge: RecordValidator | undefined
  readonly nameOf: (text: string) => string
}

const parsed = (text: string): { readonly value: unknown } | { readonly reason: string } => {
  try {
    return { value: JSON.parse(text) }
  } catch (error) {
    return { reason: `is not valid JSON: ${error instanceof Error ? error.message : error}` }
  }
}

const turnEvent = (text: string, { convert }: Tools): Turned => {
  const result = convert(text, Buffer.from(`${text.trim()}\n`))
  if ('unknown' in result) return { reason: result.unknown }
  if ('reason' in result) return { reason: result.reason }
  const statements = [result.statement, ...(result.further ?? [])]
  return { texts: statements.map((each) => JSON.stringify(each)), ids: statements.map(({ id = '' }) => id) }
}

/** A statement without id gets one that is the same whenever the same file is read. */
const turnStatement = (
  text: string,
  value: { readonly [key: string]: unknown },
  where: string,
  tools: Tools
): Turned => {
  const first = tools.judge?.(value, text).problems[0]
  if (first !== undefined) {
    return { reason: `is not valid: ${first.pointer || 'it'} breaks ${first.rule}: expected ${first.expected}` }
  }
  const line = onOneLine(text.trim())
  if (typeof value.id === 'string') return { texts: [line], ids: [value.id.toLowerCase()] }
  if ('id' in value) return { texts: [line], ids: [''] }
  const id = tools.nameOf(where)
  const rest = line.slice(1).trimStart()
  return { texts: [`{"id":"${id}"${rest.startsWith('}') ? '' : ','}${rest}`], ids: [id] }
}

const turn = (text: string, where: string, tools: Tools): { readonly turned: Turned; readonly isEvent: boolean } => {
  if (tools.task.from === 'edx') return { turned: turnEvent(text, tools), isEvent: true }
  const read = parsed(text)
  if ('reason' in read) return { turned: read, isEvent: false }
  if (!isObject(read.value)) return { turned: { reason: 'is not a JSON object' }, isEvent: false }
  if (tools.task.from === 'auto' && isEvent(read.value)) return { turned: turnEvent(text, tools), isEvent: true }
  return { turned: turnStatement(text, read.value, where, tools), isEvent: false }
}

interface Extracted {
  readonly block: ParsedBlock
  /** The line in the block for each extracted line. Undefined: the same line. */
  readonly lineOf: readonly number[] | undefined
  readonly bad: readonly RefusedRecord[]
}

/** The lines of a block that are not empty, by their numbers. */
const filledLines = (block: ParsedBlock, maxLineBytes: number, without: ReadonlySet<number>): readonly number[] => {
  const filled: number[] = []
  visitLines(
    block,
    { maxLineBytes },
    (text, index) => {
      if (!isBlank.test(recordIn(text)) && !without.has(index)) filled.push(index)
      return false
    },
    () => false
  )
  return filled
}

/** Extracts records from their envelopes. */
const createUnwrap = (maxLineBytes: number) => {
  const extracts = new Map<ParserName, ReturnType<typeof createExtract>>()
  return (block: ParsedBlock): Extracted => {
    const { parser } = block
    if (parser === 'jsonl' || parser === 'tracking') return { block, lineOf: undefined, bad: [] }
    const extract = extracts.get(parser) ?? createExtract({ parser, maxLineBytes })
    extracts.set(parser, extract)
    const { bytes, bad, extracted } = extract(block)
    if (extracted === block.lines) return { block: { ...block, bytes }, lineOf: undefined, bad }
    const lineOf = filledLines(block, maxLineBytes, new Set(bad.map(({ index }) => index)))
    return { block: { ...block, bytes, dropped: false }, lineOf, bad }
  }
}

/** Statements of a block of lines, in any envelope. */
const blockWork = (tools: Tools) => {
  const { maxLineBytes } = tools.task
  const unwrap = createUnwrap(maxLineBytes)
  return (source: ParsedBlock): ConvertedBlock => {
    const { block, lineOf, bad } = unwrap(source)
    const refused: RefusedRecord[] = [...bad]
    const texts: string[] = []
    const at: number[] = []
    const ids: string[] = []
    let read = bad.length
    let converted = 0
    const lineIn = (index: number): number => (lineOf === undefined ? index : (lineOf[index] ?? index))
    visitLines(
      block,
      { maxLineBytes },
      (raw, index) => {
        const text = recordIn(raw)
        if (isBlank.test(text)) return false
        read += 1
        const line = lineIn(index)
        const { turned, isEvent: wasEvent } = turn(text, `${source.path}\n${source.first + line}`, tools)
        if ('reason' in turned) refused.push({ index: line, reason: turned.reason, text })
        else {
          texts.push(...turned.texts)
          ids.push(...turned.ids)
          for (const _each of turned.texts) at.push(line)
          if (wasEvent) converted += turned.texts.length
        }
        return false
      },
      (reason, index) => {
        read += 1
        refused.push({ index: lineIn(index), reason, text: undefined })
        return false
      }
    )
    refused.sort((one, other) => one.index - other.index)
    const { leaf, path, first, lines } = source
    return { ...packed(texts), leaf, path, at, ids, refused, read, converted, first, next: first + lines }
  }
}

/** Texts as bytes, which can be transferred between threads at no cost. */
const packed = (texts: readonly string[]): Pick<ConvertedBlock, 'bytes' | 'ends'> => {
  const ends: number[] = []
  let end = 0
  for (const text of texts) {
    end += Buffer.byteLength(text)
    ends.push(end)
  }
  const bytes = Buffer.allocUnsafeSlow(end)
  for (const [index, text] of texts.entries()) bytes.write(text, ends[index - 1] ?? 0)
  return { bytes, ends }
}

const noConverter =
  (missing: string): ConvertLine =>
  () => {
    throw new RalphError('INVALID_SETTING', missing)
  }

/** The JSON Schema validator is loaded only where it is used, because every thread would keep it in memory. */
const createJudge = async (): Promise<RecordValidator> => {
  const { createRecordValidator } = await import('../../toolbox/record-validators.ts')
  return createRecordValidator({ format: 'xapi', profile: undefined })
}

export const createWork: CreateWork<ConvertTask, ParsedBlock, ConvertedBlock> = async (task) => {
  const { converter, sha256 } = task
  const found = findConverter('edx', 'xapi')
  if (found === undefined) throw new RalphError('INTERNAL', 'there is no conversion from edx to xapi')
  const convert = 'missing' in converter ? noConverter(converter.missing) : (await found.load())(converter)
  const judge = task.judge ? await createJudge() : undefined
  const names = createNames(Buffer.from(sha256.slice(0, 32), 'hex'))
  return blockWork({ task, convert, judge, nameOf: (text) => names(Buffer.from(text)) })
}
