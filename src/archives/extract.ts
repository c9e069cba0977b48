import { createReadStream } from 'node:fs'
import { mkdir, open, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { asWriteError, writeAll } from '../durability/write-whole.ts'
import { codeOf, RalphError } from '../errors.ts'
import { asArchiveError, damaged } from './archive-errors.ts'
import { decode } from './decode.ts'
import { type Packing, packingHead, packingOf, suffixOf } from './identify.ts'
import { createBudget, type UnpackLimits } from './limits.ts'
import { peek } from './peek.ts'
import { readTar } from './tar.ts'
import { readZip } from './zip.ts'

export interface ExtractOptions {
  /** The path of the bytes on the disk. */
  readonly file: string
  /** The name of the file. Its suffix says what it is. */
  readonly name: string
  /** An empty directory. After a failure its content is of no use. */
  readonly into: string
  readonly limits: UnpackLimits
  /** The prefix of the names of the settings that hold the limits. */
  readonly variables: string
  readonly signal?: AbortSignal | undefined
}

/** No packer writes a path that is a file in one entry and a directory in the next. */
const asExtractError = (error: unknown, name: string): unknown => {
  const code = codeOf(error) ?? ''
  if (['ENOTDIR', 'EEXIST', 'EISDIR'].includes(code))
    return damaged(name, 'a file is in the place of a directory', error)
  if (code === 'ENAMETOOLONG') return damaged(name, 'the name of an entry is too long', error)
  return asArchiveError(asWriteError(error, name), name)
}

/** Nothing that is written here is a link, so no path leads out of the directory. */
const write = async (path: string, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(path, 'w', 0o600)
  try {
    for await (const chunk of content) {
      signal?.throwIfAborted()
      await writeAll(file, chunk)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

const requirePacked = (head: Uint8Array, packing: Packing, name: string): void => {
  const found = packingOf(head)
  if (found === packing) return
  const what = found ?? (head.length === 0 ? 'empty' : 'something else')
  throw new RalphError('INVALID_ARCHIVE', `${name} is not what its name says (${packing}) but ${what}`, { entry: name })
}

/**
 * Unpacks a file into a directory by its longest suffix: the content of a `.tar.gz`, or the file in a `.gz`. An archive within an archive
 * stays packed. Throws `INVALID_ARCHIVE`, `UNSAFE_PATH`, `UNSAFE_LINK`, `ARCHIVE_TOO_LARGE`, `ARCHIVE_TOO_DEEP`, `UNSUPPORTED_CONTENT`.
 */
export const extract = async (options: ExtractOptions): Promise<void> => {
  const { file, name, into, limits, variables, signal } = options
  const suffix = suffixOf(name)
  if (suffix === undefined) throw new RalphError('UNSUPPORTED_CONTENT', `the name ${name} is not that of an archive`)
  const budget = createBudget((await stat(file)).size, limits, variables)
  budget.layer(1)
  const { head, all } = await peek(createReadStream(file, { highWaterMark: 2 ** 17 }), packingHead)
  try {
    requirePacked(head, suffix.packing, name)
    if (suffix.packing === 'zip') {
      for await (const entry of readZip(file, name, budget)) await write(join(into, entry.name), entry.content, signal)
      return
    }
    const plain = suffix.packing === 'tar' ? all : decode(all, suffix.packing, name, budget)
    if (!suffix.isTar) {
      const stem = basename(name.slice(0, -suffix.suffix.length))
      await write(join(into, stem === '' ? 'content' : stem), plain, signal)
      return
    }
    if (suffix.packing !== 'tar') budget.layer(2)
    for await (const entry of readTar(plain, name, budget)) await write(join(into, entry.name), entry.content, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw asExtractError(error, name)
  } finally {
    await all.return()
  }
}
