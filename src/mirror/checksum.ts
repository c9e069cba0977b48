import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { CachedArchive } from './archive-cache.ts'

/** What tells whether bytes are those of an archive. */
type Expected = Pick<CachedArchive, 'sha256' | 'md5' | 'size'>

/** For messages, as ldp-mirror 0.x writes it. */
export const checksumName = ({ sha256, md5 }: Expected): string =>
  sha256 !== undefined ? 'Sha256' : md5 !== undefined ? 'Md5' : 'Size'

export interface Checksum {
  add(chunk: Uint8Array): void
  readonly bytes: number
  /** Whether all that was added is the archive. To be asked once. */
  holds(): boolean
}

/** The sha256 decides; where the service says none, the md5; where it says neither, the size alone. */
export const createChecksum = ({ sha256, md5, size }: Expected): Checksum => {
  const hash: Hash = createHash(sha256 === undefined ? 'md5' : 'sha256')
  let bytes = 0
  return {
    add: (chunk) => {
      hash.update(chunk)
      bytes += chunk.length
    },
    get bytes() {
      return bytes
    },
    holds: () => {
      const expected = sha256 ?? md5
      return (size === undefined || bytes === size) && (expected === undefined || hash.digest('hex') === expected)
    }
  }
}

/** Adds what a file holds, up to `end` bytes. */
export const addFile = async (checksum: Checksum, file: string, signal: AbortSignal, end?: number): Promise<void> => {
  if (end === 0) return
  const stream = createReadStream(file, {
    highWaterMark: 2 ** 18,
    signal,
    ...(end === undefined ? {} : { end: end - 1 })
  })
  for await (const chunk of stream) checksum.add(chunk)
}
