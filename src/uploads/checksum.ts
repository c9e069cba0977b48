import { createHash } from 'node:crypto'
import { RalphError } from '../errors.ts'

/** Of the extension `checksum` of tus, in its order of preference. */
export const checksumAlgorithms = ['sha256', 'sha1', 'md5'] as const

/** What the bytes of one request must have. */
export interface ChunkChecksum {
  update(chunk: Uint8Array): void
  /** `UPLOAD_CORRUPT` */
  verify(): void
}

/** Of the header `Upload-Checksum: sha1 BASE64`. `INVALID_HEADER` */
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
      throw new RalphError('UPLOAD_CORRUPT', `The bytes have the ${algorithm} ${found}, not ${expected}.`, {
        expected,
        found
      })
    }
  }
}
