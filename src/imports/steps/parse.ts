import { packingOfName } from '../../archives/identify.ts'
import { peek } from '../../archives/peek.ts'
import { RalphError } from '../../errors.ts'
import { type LineBlock, readBlocks } from '../../streams/lines.ts'
import type { ParserName } from '../../toolbox/extract-parsers.ts'
import { layoutHead, layoutOf } from './layout.ts'
import type { Leaf } from './unpack.ts'
import { createValueLines } from './value-lines.ts'

/** Lines of a file, and which file of the import it is. */
export interface ParsedBlock extends LineBlock {
  /** From 0. */
  readonly leaf: number
  readonly path: string
  readonly parser: ParserName
  /** Number of its first line in the file, from 0. */
  readonly first: number
  /** Lines of it, empty and dropped ones too. */
  readonly lines: number
}

export interface ParseOptions {
  /** Where to go on: so many files, and so many lines of the next one, are passed over. */
  readonly after: { readonly leaf: number; readonly line: number }
  readonly maxLineBytes: number
  /** Told of each file that holds no records, and why. */
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

/** What packers and editors add, and nobody means. */
const isByTheWay = (path: string): boolean => /\/(__MACOSX\/|\.[^/]*$|Thumbs\.db$)/.test(path)

const requireHonest = (path: string): void => {
  const promised = packingOfName(path)
  if (promised === undefined) return
  throw new RalphError('UNSUPPORTED_CONTENT', `${path} is not what its name says, ${promised.suffix}, nor a text`, {
    entry: path
  })
}

/** Lines of records out of files, in blocks. Files that hold none are told. `UNSUPPORTED_CONTENT` when a name lies. */
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
      onSkipped(path, layout === undefined ? 'is not a text' : 'is empty')
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
