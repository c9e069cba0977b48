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
 * A file that needs no more unpacking. Read its content to the end, or not at all, before the next one is requested: stopping in
 * the middle ends the whole archive.
 */
export interface Leaf {
  /** Its path: names of files and archives, outermost first, with `/`. */
  readonly path: string
  readonly content: AsyncIterable<Uint8Array>
}

export interface UnpackOptions {
  /** The bytes, on the disk. */
  readonly file: string
  /** Their original name. */
  readonly name: string
  readonly budget: Budget
  /** False: packed content is `UNSUPPORTED_CONTENT`. */
  readonly unpack: boolean
  /** A new file for a nested archive that must be on the disk. */
  readonly scratch: () => string
  readonly signal: AbortSignal
}

interface Source {
  readonly path: string
  readonly chunks: AsyncIterable<Uint8Array>
  /** Undefined: it is not on the disk. */
  readonly file: string | undefined
  readonly depth: number
}

/** The name without compression: `a.jsonl.gz` becomes `a.jsonl`, `a.tgz` becomes `a.tar`. */
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

/** The files in an archive. If the archive is not on the disk, it is first copied there. */
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
      // Unread content comes before the next entry.
      for await (const _ of all);
      return
    }
    if (!options.unpack) {
      throw new RalphError('UNSUPPORTED_CONTENT', `${path} is packed (${packing}), but must not be unpacked`)
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
 * All files in a file: the entries of an archive, also nested; or the file itself. The format is determined from the bytes, not
 * from the name. Files come one after the other, and little of them is in memory. Throws `INVALID_ARCHIVE`, `UNSAFE_PATH`,
 * `UNSAFE_LINK`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_TOO_DEEP`.
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
