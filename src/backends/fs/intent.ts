import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { writeFully } from './file.ts'
import { linesIn } from './lines.ts'

/**
 * Announces the lines that are about to be appended. It is written before them, so after a crash an incomplete batch is recognized and
 * removed. It has the length and checksum of each line, so lines that other programs appended are recognized and kept.
 */
export interface Intent {
  readonly offset: number
  readonly lines: readonly (readonly [length: number, checksum: number])[]
}

const lineFeed = Buffer.from('\n')

export const formatChecksum = (checksum: number): string => checksum.toString(16).padStart(8, '0')

export const checksumOf = (bytes: Uint8Array): string => formatChecksum(crc32(bytes))

export const intentOf = (offset: number, lines: readonly Buffer[]): Intent => ({
  offset,
  lines: lines.map((line) => [line.length, crc32(line)])
})

/** Writes one line that begins with its checksum. The rest of an earlier, longer line is ignored. */
export const writeIntent = (file: FileHandle, intent: Intent): Promise<void> => {
  const text = Buffer.from(JSON.stringify(intent))
  return writeFully(file, Buffer.from(`${checksumOf(text)} ${text}\n`), 0)
}

/** Undefined when there is none, or when it is incomplete. Then nothing was appended after it. */
export const intentIn = (bytes: Buffer): Intent | undefined => {
  const end = bytes.indexOf('\n')
  const text = bytes.subarray(9, Math.max(end, 9))
  if (end === -1 || bytes.toString('latin1', 0, 8) !== checksumOf(text)) return undefined
  // The checksum proves that `writeIntent` wrote it.
  return JSON.parse(text.toString()) as Intent
}

export const readIntent = async (file: FileHandle): Promise<Intent | undefined> => intentIn(await file.readFile())

/**
 * The correct content of the file from `intent.offset` on. Undefined when nothing must change. If lines of the intent are missing, its
 * other lines and an unfinished line are removed. Lines of other programs stay.
 */
export const withoutHalf = ({ lines }: Intent, tail: Buffer): Buffer | undefined => {
  const missing = new Map<string, number>()
  for (const [length, checksum] of lines) {
    const key = `${length} ${checksum}`
    missing.set(key, (missing.get(key) ?? 0) + 1)
  }
  const present = linesIn(tail)
  const others: Buffer[] = []
  let found = 0
  for (const bytes of present.lines) {
    const key = `${bytes.length} ${crc32(bytes)}`
    const left = missing.get(key) ?? 0
    if (left === 0) {
      others.push(bytes, lineFeed)
      continue
    }
    missing.set(key, left - 1)
    found += 1
  }
  if (found === lines.length || (found === 0 && present.rest.length === 0)) return undefined
  return Buffer.concat(others)
}
