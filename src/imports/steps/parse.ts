import { packingOfName } from '../../archives/identify.ts'
import { peek } from '../../archives/peek.ts'
import { RalphError } from '../../errors.ts'
import { type LineBlock, readBlocks } from '../../streams/lines.ts'
import type { ParserName } from '../../toolbox/extract-parsers.ts'
import { layoutHead, layoutOf } from './layout.ts'
import type { Leaf } from './unpack.ts'
import { createValueLines } from './value-lines.ts'

/** Lines of a file, and the file of the import to which they belong. */
export interface ParsedBlock extends LineBlock {
  /** From 0. */
  readonly leaf: number
  readonly path: string
  readonly parser: ParserName
  /** Number of its first line in the file, from 0. */
  readonly first: number
  /** Its lines, including empty and dropped ones. */
  readonly lines: number
}

export interface ParseOptions {
  /** Where to continue: this many files, and this many lines of the next file, are skipped. */
  readonly after: { readonly leaf: number; readonly line: number }
  readonly maxLineBytes: number
  /** Called for each file without records, with the reason. */
  readonly onSkipped: (path: string, reason: string) => void
}

async function* inValueLines(chunks: AsyncIterable<Uint8Array>, isList: boolean): AsyncGenerator<Uint8Array> {
  const change = createValueLines(isList)
  for await (const chunk of chunks) yield change(chunk)
}

const lineFeed = 10

async function* withoutLines(chunks: AsyncIterable<Uint8Array>, count: number): AsyncGenerator<Uint8Array> {
  let left = count
  for await (const chunk of chunks) {
    let at = 0
    while (left > 0) {
      const end = chunk.indexOf(lineFeed, at)
      if (end < 0) break
      at = end + 1
      left -= 1
    }
    if (left === 0 && at < chunk.length) yield chunk.subarray(at)
  }
}

const countLines = ({ bytes, dropped }: LineBlock): number => {
  let count = dropped ? 1 : 0
  for (let at = 0; at < bytes.length; count += 1) at = bytes.indexOf(lineFeed, at) + 1 || bytes.length
  return count
}

/** Files that packers and editors add. */
const isByTheWay = (path: string): boolean => /\/(__MACOSX\/|\.[^/]*$|Thumbs\.db$)/.test(path)

const requireHonest = (path: string): void => {
  const promised = packingOfName(path)
  if (promised === undefined) return
  throw new RalphError('UNSUPPORTED_CONTENT', `${path} is neither ${promised.suffix}, as its name says, nor text`, {
    entry: path
  })
}

/**
 * Lines of records from files, in blocks. Files without records are reported. Throws `UNSUPPORTED_CONTENT` if the name of a file
 * does not match its content.
 */
export async function* parse(
  leaves: AsyncIterable<Leaf>,
  { after, maxLineBytes, onSkipped }: ParseOptions
): AsyncGenerator<ParsedBlock, void, undefined> {
  let leaf = -1
  for await (const { path, content } of leaves) {
    leaf += 1
    if (leaf < after.leaf) continue
    if (isByTheWay(path)) {
      onSkipped(path, 'is not a file of records')
      continue
    }
    const { head, all } = await peek(content, layoutHead)
    const layout = layoutOf(head)
    if (layout === undefined || head.length === 0) {
      if (layout === undefined) requireHonest(path)
      onSkipped(path, layout === undefined ? 'is not text' : 'is empty')
      for await (const _ of all);
      continue
    }
    const { lines, parser } = layout
    const onLines = lines === 'lines' ? all : inValueLines(all, lines === 'list')
    const left = leaf === after.leaf && after.line > 0 ? withoutLines(onLines, after.line) : onLines
    let first = leaf === after.leaf ? after.line : 0
    for await (const block of readBlocks(left, { maxLineBytes })) {
      const count = countLines(block)
      yield { ...block, leaf, path, parser, first, lines: count }
      first += count
    }
  }
}
