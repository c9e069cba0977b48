import { createHash } from 'node:crypto'
import { writeWhole } from '../../durability/write-whole.ts'
import { RalphError } from '../../errors.ts'

export interface Staged {
  readonly sha256: string
  readonly size: number
}

export interface StageOptions {
  /** The file for the bytes. */
  readonly path: string
  readonly maxSize: number
  /** Expected digest in hexadecimal. Undefined: unknown. */
  readonly sha256: string | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Writes the bytes durably and identifies them by their digest. Throws `ARCHIVE_TOO_LARGE`, `CHECKSUM_MISMATCH`, `STORE_FULL`;
 * then nothing is left of them.
 */
export const stage = async (
  chunks: AsyncIterable<Uint8Array>,
  { path, maxSize, sha256, signal }: StageOptions
): Promise<Staged> => {
  const hash = createHash('sha256')
  let size = 0
  let found = ''
  const checked = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      size += chunk.length
      if (size > maxSize) {
        throw new RalphError(
          'ARCHIVE_TOO_LARGE',
          `the file is larger than the ${maxSize} bytes of RALPH_IMPORTS_MAX_SIZE`,
          { limit: maxSize, setting: 'RALPH_IMPORTS_MAX_SIZE' }
        )
      }
      hash.update(chunk)
      yield chunk
    }
    found = hash.digest('hex')
    // Before the file gets its name.
    if (sha256 !== undefined && sha256.toLowerCase() !== found) {
      throw new RalphError('CHECKSUM_MISMATCH', `the bytes have the sha256 ${found}, expected ${sha256}`, {
        expected: sha256,
        found
      })
    }
  }
  await writeWhole(path, checked())
  return { sha256: found, size }
}
