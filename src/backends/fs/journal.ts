import { ftruncateSync } from 'node:fs'
import { type FileHandle, open, rename } from 'node:fs/promises'
import type { DocumentKey } from '../../contracts/document-store.ts'
import { RalphError } from '../../errors.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { openOrCreate, type Place, read, syncDirectoryOf, writeFully } from './file.ts'
import { checksumOf } from './intent.ts'

/** What a store keeps beside its statements, as it happened. */
export type Entry =
  | {
      readonly put: DocumentKey
      readonly contentType: string
      readonly etag: string
      readonly updated: Micros
      readonly size: number
    }
  | { readonly delete: DocumentKey }
  | { readonly attachment: string; readonly size: number }
  /** By their `stored`: statements that teach nothing (scope `define`). */
  | { readonly unlearned: readonly Micros[] }
  /** Every time up to this one was given out. */
  | { readonly passed: Micros }

export interface Written {
  readonly entry: Entry
  readonly content?: Uint8Array
}

/**
 * Frames follow each other: `R`, size and checksum of the body, the body. A frame is what one commit has written, and it
 * is there when its checksum is right. In the body: an entry as JSON on a line, its content, the next entry.
 */
const header = /^R([0-9a-f]{12}) ([0-9a-f]{8})\n$/
const headerSize = 23
const lineFeed = 0x0a

const sizeOf = (entry: Entry): number => ('size' in entry ? entry.size : 0)

/** The bytes of a frame, and where in it the content of each entry begins. */
export const frameOf = (written: readonly Written[]): { readonly bytes: Buffer; readonly contents: number[] } => {
  const parts: Uint8Array[] = []
  const contents: number[] = []
  let size = 0
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes)
    size += bytes.length
  }
  for (const { entry, content } of written) {
    add(Buffer.from(`${JSON.stringify(entry)}\n`))
    contents.push(headerSize + size)
    if (content !== undefined) add(content)
  }
  const body = Buffer.concat(parts)
  const head = `R${size.toString(16).padStart(12, '0')} ${checksumOf(body)}\n`
  return { bytes: Buffer.concat([Buffer.from(head), body]), contents }
}

const corrupt = (path: string, offset: number): RalphError =>
  new RalphError('STORE_CORRUPT', `${path} is damaged at byte ${offset}: restore it from a backup`, { path, offset })

export interface Journal {
  readonly file: FileHandle
  /** Where the next frame goes. */
  end: number
}

/** The entries of one frame's body, with where their contents are. */
async function* entriesIn(file: FileHandle, body: Place, path: string): AsyncGenerator<readonly [Entry, Place]> {
  const end = body.offset + body.length
  for (let at = body.offset; at < end; ) {
    let line = Buffer.alloc(0)
    let lineEnd = -1
    while (lineEnd === -1) {
      const more = await read(file, { offset: at + line.length, length: Math.min(4096, end - at - line.length) })
      if (more.length === 0) throw corrupt(path, at)
      line = Buffer.concat([line, more])
      lineEnd = line.indexOf(lineFeed)
    }
    // The checksum of the frame says that `frameOf` wrote it.
    const entry = JSON.parse(line.toString('utf8', 0, lineEnd)) as Entry
    const place = { offset: at + lineEnd + 1, length: sizeOf(entry) }
    yield [entry, place]
    at = place.offset + place.length
  }
}

/** Whether a frame that reaches to the end of the file was written whole; earlier ones were durable before it began. */
const isWhole = async (file: FileHandle, body: Place, checksum: string): Promise<boolean> =>
  checksumOf(await read(file, body)) === checksum

/** Shows every entry that was committed, in order; what a crash has left unfinished is cut off. */
export const openJournal = async (
  path: string,
  show: (entry: Entry, content: Place) => void,
  warn: (message: string) => void
): Promise<Journal> => {
  const file = await openOrCreate(path)
  try {
    const { size } = await file.stat()
    let end = 0
    while (end < size) {
      const bytes = await read(file, { offset: end, length: headerSize })
      const head = header.exec(bytes.toString('latin1'))
      const body = { offset: end + headerSize, length: Number.parseInt(head?.[1] ?? '0', 16) }
      const next = body.offset + body.length
      // Zeros are what a power cut leaves of a file that was longer than what had been written of it.
      if (head === null && bytes.length === headerSize && bytes.some((byte) => byte !== 0)) throw corrupt(path, end)
      if (head === null || next > size || (next === size && !(await isWhole(file, body, head[2] ?? '')))) break
      for await (const [entry, content] of entriesIn(file, body, path)) show(entry, content)
      end = next
    }
    if (end < size) {
      warn(`${path}: the last ${size - end} bytes were never finished and are dropped`)
      ftruncateSync(file.fd, end)
    }
    return { file, end }
  } catch (error) {
    await file.close()
    throw error
  }
}

/**
 * Writes a new journal of these entries in place of the one at `path`; until it is complete and durable, the old one
 * stands. Returns the new one and where each content is now.
 */
export const replaceJournal = async (
  path: string,
  entries: Iterable<readonly [Entry, Place]>,
  old: Journal
): Promise<{ readonly journal: Journal; readonly places: Place[] }> => {
  const fresh = `${path}.new`
  const file = await open(fresh, 'w+')
  try {
    const places: Place[] = []
    let end = 0
    for (const [entry, place] of entries) {
      const { bytes, contents } = frameOf([{ entry, content: await read(old.file, place) }])
      await writeFully(file, bytes, end)
      places.push({ offset: end + (contents[0] ?? 0), length: place.length })
      end += bytes.length
    }
    await file.sync()
    await rename(fresh, path)
    await syncDirectoryOf(path)
    await old.file.close()
    return { journal: { file, end }, places }
  } catch (error) {
    await file.close()
    throw error
  }
}
