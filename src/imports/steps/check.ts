import { type ParseOptions, parse } from './parse.ts'
import type { Leaf } from './unpack.ts'

/** The result of checking a file as a whole. */
export interface Checked {
  /** Files with records. */
  readonly files: number
  readonly skipped: readonly { readonly path: string; readonly reason: string }[]
}

/** The most skipped files that are listed. */
const mostSkipped = 100

/**
 * Reads all of a file before anything of it is delivered. An archive that is truncated, leads out of itself or is a bomb is
 * refused as a whole. Throws what `unpack` and `parse` throw.
 */
export const check = async (
  leaves: AsyncIterable<Leaf>,
  { maxLineBytes }: Pick<ParseOptions, 'maxLineBytes'>
): Promise<Checked> => {
  const skipped: { readonly path: string; readonly reason: string }[] = []
  const files = new Set<number>()
  const onSkipped = (path: string, reason: string): void => {
    if (skipped.length < mostSkipped) skipped.push({ path, reason })
  }
  const after = { leaf: 0, line: 0 }
  for await (const { leaf } of parse(leaves, { after, maxLineBytes, onSkipped })) files.add(leaf)
  return { files: files.size, skipped }
}
