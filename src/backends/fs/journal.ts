import { ftruncateSync } from 'node:fs'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import type { DocumentKey } from '../../contracts/document-store.ts'
import { syncDirectory } from '../../durability/sync-directory.ts'
import { RalphError } from '../../errors.ts'
import { inTurns } from '../../storage/batching/group-commit.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { type ByteRange, openOrCreate, read, writeFully } from './file.ts'
import { formatChecksum } from './intent.ts'

/** An event of the data that a store keeps beside its statements. */
export type JournalEntry =
  | {
      readonly put: DocumentKey
      readonly contentType: string
      readonly etag: string
      readonly updated: Micros
      readonly size: number
    }
  | { readonly delete: DocumentKey }
  | { readonly attachment: string; readonly size: number }
  /** The `stored` values of statements without influence on descriptions (scope `define`). */
  | { readonly unlearned: readonly Micros[] }
  /** From this `stored` on, descriptions are also kept per Authority. */
  | { readonly apart: Micros }
  /** Every time up to this one was given out. */
  | { readonly passed: Micros }

export interface JournalWrite {
  readonly entry: JournalEntry
  readonly content?: Uint8Array
}

/**
 * The journal is a sequence of frames: `R`, the size and checksum of the body, the body. A frame is the result of one commit. It exists if
 * its checksum is correct. The body is a sequence of entries, each as one line of JSON and its content.
 */
const header = /^R([0-9a-f]{12}) ([0-9a-f]{8})\n$/
const headerSize = 23
const lineFeed = 0x0a

const sizeOf = (entry: JournalEntry): number => ('size' in entry ? entry.size : 0)

/** The bytes of a frame in pieces, and the position of the content of each entry. */
export interface Frame {
  readonly pieces: readonly Uint8Array[]
  /** In bytes. */
  readonly length: number
  readonly contents: readonly number[]
}

/** Bytes that are written and checked in one step, and copied for that. */
const pieceSize = 1024 * 1024

/** Makes a frame. The checksum of contents is computed in steps, and large contents are not copied. */
export function* frameOf(written: readonly JournalWrite[]): Yielding<Frame> {
  const pieces: Uint8Array[] = []
  const contents: number[] = []
  let small: Uint8Array[] = []
  let smallSize = 0
  let size = 0
  let checksum = 0
  const endSmall = (): void => {
    if (small.length > 0) pieces.push(Buffer.concat(small))
    small = []
    smallSize = 0
  }
  const add = function* (bytes: Uint8Array): Yielding<void> {
    if (smallSize + bytes.length > pieceSize) endSmall()
    if (bytes.length > pieceSize) pieces.push(bytes)
    else {
      small.push(bytes)
      smallSize += bytes.length
    }
    size += bytes.length
    for (let at = 0; at < bytes.length; at += pieceSize) {
      checksum = crc32(bytes.subarray(at, at + pieceSize), checksum)
      yield
    }
  }
  for (const { entry, content } of written) {
    yield* add(Buffer.from(`${JSON.stringify(entry)}\n`))
    contents.push(headerSize + size)
    if (content !== undefined) yield* add(content)
  }
  endSmall()
  const head = Buffer.from(`R${size.toString(16).padStart(12, '0')} ${formatChecksum(checksum)}\n`)
  return { pieces: [head, ...pieces], length: head.length + size, contents }
}

/** Writes a frame from `offset` on. */
export const writeFrame = async (file: FileHandle, { pieces }: Frame, offset: number): Promise<void> => {
  let at = offset
  for (const piece of pieces) {
    await writeFully(file, piece, at)
    at += piece.length
  }
}

const corrupt = (path: string, offset: number): RalphError =>
  new RalphError('STORE_CORRUPT', `${path} is damaged at byte ${offset}: restore it from a backup`, { path, offset })

export interface Journal {
  readonly path: string
  file: FileHandle
  /** The position of the next frame. */
  end: number
}

/** The entries in the body of one frame, with the positions of their contents. */
async function* entriesIn(
  file: FileHandle,
  body: ByteRange,
  path: string
): AsyncGenerator<readonly [JournalEntry, ByteRange]> {
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
    // The checksum of the frame proves that `frameOf` wrote it.
    const entry = JSON.parse(line.toString('utf8', 0, lineEnd)) as JournalEntry
    const place = { offset: at + lineEnd + 1, length: sizeOf(entry) }
    yield [entry, place]
    at = place.offset + place.length
  }
}

/** Whether a frame is unchanged. A content may be large, so it is not kept in memory for this. */
const isWhole = async (file: FileHandle, { offset, length }: ByteRange, checksum: string): Promise<boolean> => {
  let sum = 0
  for (let done = 0; done < length; done += pieceSize) {
    sum = crc32(await read(file, { offset: offset + done, length: Math.min(pieceSize, length - done) }), sum)
  }
  return formatChecksum(sum) === checksum
}

/**
 * Yields every committed entry, in order. A crash may have left a part of the last frame, which is cut off. Every other frame was durable
 * before the next one began. Throws `STORE_CORRUPT` when one is damaged.
 */
export const openJournal = async (
  path: string,
  show: (entry: JournalEntry, content: ByteRange) => void,
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
      // A power failure leaves zeros in a file that was longer than the data written to it.
      if (head === null && bytes.length === headerSize && bytes.some((byte) => byte !== 0)) throw corrupt(path, end)
      if (head === null || next > size) break
      if (!(await isWhole(file, body, head[2] ?? ''))) {
        if (next < size) throw corrupt(path, end)
        break
      }
      for await (const [entry, content] of entriesIn(file, body, path)) show(entry, content)
      end = next
    }
    if (end < size) {
      warn(`${path}: the last ${size - end} bytes are an unfinished write and are removed`)
      ftruncateSync(file.fd, end)
    }
    return { path, file, end }
  } catch (error) {
    await file.close()
    throw error
  }
}

/** Bytes of content that are copied in one frame, unless a single content is larger. */
const copySize = 1024 * 1024

function* inFrames(
  entries: readonly (readonly [JournalEntry, ByteRange])[]
): Generator<readonly (readonly [JournalEntry, ByteRange])[]> {
  let frame: (readonly [JournalEntry, ByteRange])[] = []
  let size = 0
  for (const each of entries) {
    frame.push(each)
    size += each[1].length + 256
    if (size < copySize) continue
    yield frame
    frame = []
    size = 0
  }
  if (frame.length > 0) yield frame
}

/**
 * Writes a new journal with these entries in place of the old one. The old one stays until the new one is complete and durable. `switched`
 * gets the new position of each content at the moment of the switch.
 */
export const replaceJournal = async (
  journal: Journal,
  entries: readonly (readonly [JournalEntry, ByteRange])[],
  switched: (ranges: readonly ByteRange[]) => void
): Promise<void> => {
  const { path, file: old } = journal
  const fresh = `${path}.new`
  const file = await open(fresh, 'w+')
  const ranges: ByteRange[] = []
  let end = 0
  try {
    for (const frame of inFrames(entries)) {
      const written = await Promise.all(
        frame.map(async ([entry, range]) => ({ entry, content: await read(old, range) }))
      )
      const made = await inTurns(frameOf(written))
      await writeFrame(file, made, end)
      for (const [index, offset] of made.contents.entries()) {
        ranges.push({ offset: end + offset, length: written[index]?.content.length ?? 0 })
      }
      end += made.length
    }
    await file.sync()
    await rename(fresh, path)
  } catch (error) {
    await file.close()
    await rm(fresh, { force: true })
    throw error
  }
  journal.file = file
  journal.end = end
  switched(ranges)
  await old.close()
  await syncDirectory(dirname(path))
}
