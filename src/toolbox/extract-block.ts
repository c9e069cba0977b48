import { isUtf8 } from 'node:buffer'
import { createScan } from '../json/scan.ts'
import { type Words, wordsOf } from '../json/strings.ts'
import { type LineBlock, linesOf } from '../streams/lines.ts'
import { extractLine, type ParserName, recordInText, type Wrapper, wrappers } from './extract-parsers.ts'
import { longestPrefix, prefixLength } from './log-prefix.ts'
import { recordIn } from './records.ts'

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
export interface ExtractedBlock {
  readonly bytes: Uint8Array
  readonly bad: readonly Unextracted[]
  readonly extracted: number
  /** Lines of the block, empty and dropped ones too. */
  readonly lines: number
  /** Of input. */
  readonly size: number
}

/** A place for what comes out, used again for every block: to make a new one each time costs more than to fill it. */
interface Room {
  words: Words
}

const leastRoom = 2 ** 17

/** Bytes behind what comes out: strings are copied by words. */
const spare = 4

const openBrace = 0x7b
const space = 0x20
const backslash = 0x5c
const lineFeed = 10

/** Where the record of the line that begins at `at` begins. */
const behindPrefix = (input: Buffer, at: number): number => {
  if (input[at] === openBrace) return at
  const end = Math.min(at + longestPrefix, input.indexOf(lineFeed, at))
  return at + prefixLength(input.toString('latin1', at, end))
}

/** Leaves of the text that was written to [from, to) of `out` the record in it; returns where that ends. */
const cutToRecord = (out: Buffer, from: number, to: number): number => {
  let at = from + 1
  while (out[at] === space) at += 1
  if (out[from] === openBrace && out[at] !== backslash) return to
  return from + out.write(recordInText(out.toString('utf8', from, to)), from)
}

/** What lines of text hold, one by one. */
const extractTexts = (block: LineBlock, wrapper: Wrapper, maxLineBytes: number): ExtractedBlock => {
  const { lines, broken } = linesOf(block, 0, { maxLineBytes })
  const bad: Unextracted[] = broken.map(({ number, reason }) => ({ index: number, reason, text: undefined }))
  let out = ''
  let extracted = 0
  for (const [index, raw] of lines.entries()) {
    if (raw === undefined) continue
    const line = recordIn(raw)
    if (line.trim() === '') continue
    const result = extractLine(line, wrapper)
    if ('text' in result) {
      out += `${result.text}\n`
      extracted += 1
    } else bad.push({ index, reason: result.reason, text: line })
  }
  bad.sort((one, other) => one.index - other.index)
  return { bytes: Buffer.from(out), bad, extracted, lines: lines.length, size: block.size }
}

/** What lines hold, cut out of their bytes; those that cannot be told at a glance are read as texts. */
const extractBytes = (
  { bytes, isFirst, size }: LineBlock,
  wrapper: Wrapper,
  maxLineBytes: number,
  { found, scan }: ReturnType<typeof createScan>,
  room: Room
): ExtractedBlock => {
  const { member, object, text } = wrapper
  const words = wordsOf(bytes)
  const input = words.bytes
  // No record is longer than its line.
  const needed = input.length + spare
  if (room.words.bytes.length < needed) room.words = wordsOf(Buffer.allocUnsafeSlow(Math.max(needed, leastRoom)))
  const out = room.words.bytes
  const bad: Unextracted[] = []
  let put = 0
  let lines = 0
  let extracted = 0
  for (let at = 0; at < input.length; lines += 1) {
    if (scan(words, behindPrefix(input, at), text ? room.words : undefined, put)) {
      const from = member === undefined ? found.start : found.valueStart
      const first = from < 0 ? 0 : input[from]
      const next = input.indexOf(lineFeed, found.end) + 1
      if (next - at - 1 <= maxLineBytes && ((first === 0x7b && object) || (first === 0x22 && text))) {
        const end = member === undefined ? found.end : found.valueEnd
        if (first === 0x22) put = cutToRecord(out, put, found.put)
        else put += input.copy(out, put, from, end)
        out[put++] = lineFeed
        extracted += 1
        at = next
        continue
      }
    }
    const end = input.indexOf(lineFeed, at) + 1
    const line = input.subarray(at, end)
    const alone = { bytes: line, isFirst: isFirst && lines === 0, dropped: false, size: line.length }
    const slow = extractTexts(alone, wrapper, maxLineBytes)
    out.set(slow.bytes, put)
    put += slow.bytes.length
    extracted += slow.extracted
    for (const each of slow.bad) bad.push({ ...each, index: lines })
    at = end
  }
  return { bytes: out.subarray(0, put), bad, extracted, lines, size }
}

/**
 * Makes what takes the records out of blocks of lines, one block after the other. The bytes that it gives are those of
 * the block until it is called again.
 */
export const createExtract = ({ parser, maxLineBytes }: ExtractTask): ((block: LineBlock) => ExtractedBlock) => {
  const wrapper = wrappers[parser]
  const scan = createScan(wrapper.member ?? '')
  const room: Room = { words: wordsOf(Buffer.alloc(0)) }
  return (block) =>
    block.dropped || block.bytes.at(-1) !== lineFeed || !isUtf8(block.bytes)
      ? extractTexts(block, wrapper, maxLineBytes)
      : extractBytes(block, wrapper, maxLineBytes, scan, room)
}
