import { createHash } from 'node:crypto'
import { RalphError } from '../errors.ts'

/** Algorithms of the extension `checksum` of tus, in order of preference. */
export const checksumAlgorithms = ['sha256', 'sha1', 'md5'] as const

/** The checksum of the bytes of one request. */
export interface ChunkChecksum {
  update(chunk: Uint8Array): void
  /** Throws `UPLOAD_CORRUPT`. */
  verify(): void
}

/** Parses the header `Upload-Checksum: sha1 BASE64`. Throws `INVALID_HEADER`. */
export const parseChunkChecksum = (header: string): ChunkChecksum => {
  const [name = '', expected = '', ...rest] = header.trim().split(' ')
  const algorithm = checksumAlgorithms.find((each) => each === name)
  if (algorithm === undefined || expected === '' || rest.length > 0) {
    throw new RalphError(
      'INVALID_HEADER',
      `Upload-Checksum must be one of ${checksumAlgorithms.join(', ')}, a space, and the digest in Base64.`,
      { header: 'Upload-Checksum' }
    )
  }
  const hash = createHash(algorithm)
  return {
    update: (chunk) => hash.update(chunk),
    verify: () => {
      const found = hash.digest('base64')
      if (found === expected) return
      throw new RalphError('UPLOAD_CORRUPT', `The ${algorithm} of the bytes is ${found}, not ${expected}.`, {
        expected,
        found
      })
    }
  }
}
