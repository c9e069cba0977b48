import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { decode } from '../../archives/decode.ts'
import { packingHead, packingOf, packingOfName } from '../../archives/identify.ts'
import type { Budget } from '../../archives/limits.ts'
import { peek } from '../../archives/peek.ts'
import { type Entry, readTar } from '../../archives/tar.ts'
import { readZip } from '../../archives/zip.ts'
import { writeWhole } from '../../durability/write-whole.ts'
import { RalphError } from '../../errors.ts'

/**
 * A file that is not packed any more. Its content is read to its end, or not touched, before the next one is asked for: in an
 * archive, what is left in the middle ends the whole.
 */
export interface Leaf {
  /** Where it lay: names of files and archives, outermost first, with `/`. */
  readonly path: string
  readonly content: AsyncIterable<Uint8Array>
}

export interface UnpackOptions {
  /** The bytes, on the disk. */
  readonly file: string
  /** Their name, as they came. */
  readonly name: string
  readonly budget: Budget
  /** False: what is packed is `UNSUPPORTED_CONTENT`. */
  readonly unpack: boolean
  /** A new file for an archive within another one that must lie on the disk. */
  readonly scratch: () => string
  readonly signal: AbortSignal
}

interface Source {
  readonly path: string
  readonly chunks: AsyncIterable<Uint8Array>
  /** Undefined: it is nowhere on the disk. */
  readonly file: string | undefined
  readonly depth: number
}

/** The name of what was compressed: `a.jsonl.gz` is `a.jsonl`, `a.tgz` is `a.tar`. */
const withoutSuffix = (path: string): string => {
  const found = packingOfName(path)
  if (found === undefined) return path
  const plain = path.slice(0, -found.suffix.length)
  return /^\.t(ar\.|gz|bz|zst|xz)/.test(found.suffix) ? `${plain}.tar` : plain
}

async function* stoppable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    signal.throwIfAborted()
    yield chunk
  }
}

/** The files in an archive, which is spooled to the disk where it does not lie there. */
async function* entriesOf(source: Source, packing: 'zip' | 'tar', options: UnpackOptions): AsyncGenerator<Entry> {
  const { path, chunks, file } = source
  if (packing === 'tar') {
    yield* readTar(chunks, path, options.budget)
    return
  }
  if (file !== undefined) {
    yield* readZip(file, path, options.budget)
    return
  }
  const spooled = options.scratch()
  try {
    await writeWhole(spooled, chunks)
    yield* readZip(spooled, path, options.budget)
  } finally {
    await rm(spooled, { force: true })
  }
}

async function* open(source: Source, options: UnpackOptions): AsyncGenerator<Leaf, void, undefined> {
  const { path, depth } = source
  const { head, all } = await peek(source.chunks, packingHead)
  try {
    const packing = packingOf(head)
    if (packing === undefined) {
      yield { path, content: stoppable(all, options.signal) }
      // What nobody wanted stands before the next entry.
      for await (const _ of all);
      return
    }
    if (!options.unpack) {
      throw new RalphError('UNSUPPORTED_CONTENT', `${path} is packed (${packing}), and is not to be unpacked`)
    }
    options.budget.layer(depth)
    if (packing !== 'zip' && packing !== 'tar') {
      const chunks = decode(all, packing, path, options.budget)
      yield* open({ path: withoutSuffix(path), chunks, file: undefined, depth: depth + 1 }, options)
      return
    }
    for await (const { name, content } of entriesOf({ ...source, chunks: all }, packing, options)) {
      yield* open({ path: `${path}/${name}`, chunks: content, file: undefined, depth: depth + 1 }, options)
    }
  } finally {
    await all.return()
  }
}

/**
 * All files in a file: of an archive those in it, however they are packed; of any other file itself. What its bytes say
 * counts, not its name. Everything comes one after the other, and little of it is in memory. `INVALID_ARCHIVE`,
 * `UNSAFE_PATH`, `UNSAFE_LINK`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_TOO_DEEP`.
 */
export const unpack = (options: UnpackOptions): AsyncGenerator<Leaf, void, undefined> =>
  open(
    {
      path: options.name,
      chunks: createReadStream(options.file, { highWaterMark: 2 ** 17 }),
      file: options.file,
      depth: 1
    },
    options
  )
