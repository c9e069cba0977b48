import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import type { CachedArchive } from './archive-cache.ts'

/** Whether bytes are those of an archive. */
type Expected = Pick<CachedArchive, 'sha256' | 'md5' | 'size'>

/** For messages, in the words of ldp-mirror 0.x. */
export const checksumName = ({ sha256, md5 }: Expected): string =>
  sha256 !== undefined ? 'Sha256' : md5 !== undefined ? 'Md5' : 'Size'

export interface Checksum {
  add(chunk: Uint8Array): void
  readonly bytes: number
  /** Whether everything that was added is the archive. Call it once. */
  holds(): boolean
}

/** The sha256 decides. If the service names none, the md5; if it names neither, only the size. */
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

/** Adds the bytes of a file, up to `end`. */
export const addFile = async (checksum: Checksum, file: string, signal: AbortSignal, end?: number): Promise<void> => {
  if (end === 0) return
  const stream = createReadStream(file, {
    highWaterMark: 2 ** 18,
    signal,
    ...(end === undefined ? {} : { end: end - 1 })
  })
  for await (const chunk of stream) checksum.add(chunk)
}
