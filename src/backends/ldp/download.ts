import { createHash } from 'node:crypto'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { readResuming } from '../../network/resuming.ts'
import { isLasting, networkReason } from '../../network/retry.ts'
import { inChunksOf } from '../../streams/byte-source.ts'
import type { ArchiveDetails } from './archive.ts'
import { contentFrom, get, isPassingStatus } from './storage.ts'
import { isSealed, unsealing } from './unseal.ts'

export interface Download {
  /** For messages. */
  readonly id: string
  readonly details: ArchiveDetails
  /** In seconds. */
  readonly requestTimeout: number | undefined
  readonly unsealTimeout: number
  readonly log: Log
  /** A new temporary link to the archive. */
  newLink(): Promise<URL>
}

const corrupt = (id: string, reason: string): RalphError =>
  new RalphError('STORE_CORRUPT', `archive ${id} arrived damaged: ${reason}; read it again`)

/** Checks what went by against what the API said of it. */
const createCheck = (id: string, { size, sha256, md5 }: ArchiveDetails) => {
  const [algorithm, expected] = sha256 === undefined ? (['md5', md5] as const) : (['sha256', sha256] as const)
  const hash = createHash(algorithm)
  let bytes = 0
  return {
    add: (chunk: Uint8Array): void => {
      hash.update(chunk)
      bytes += chunk.length
    },
    /** The size; `STORE_CORRUPT`. */
    finish: (): number => {
      if (size !== undefined && bytes !== size) throw corrupt(id, `it has ${bytes} bytes in place of ${size}`)
      const found = hash.digest('hex')
      if (expected !== undefined && found !== expected.toLowerCase()) {
        throw corrupt(id, `its ${algorithm} is ${found} in place of ${expected}`)
      }
      return bytes
    }
  }
}

/** Says that a link leads nowhere, as it does some time after it was given. */
const isStale = (status: number): boolean => [401, 403, 404, 410].includes(status)

/**
 * The bytes of an archive; returns how many, once they were found to be right. Waits until it was brought from cold
 * storage, and goes on where a connection broke.
 */
export async function* download(
  { id, details, requestTimeout, unsealTimeout, log, newLink }: Download,
  { chunkSize, signal }: { readonly chunkSize?: number | undefined; readonly signal?: AbortSignal | undefined }
): AsyncGenerator<Uint8Array, number, undefined> {
  const check = createCheck(id, details)
  const waiting = unsealing(id, { timeout: unsealTimeout, expected: details.retrievalDelay, log })
  let link: URL | undefined

  const open = async (from: number): Promise<AsyncIterable<Uint8Array>> => {
    for (;;) {
      const isNew = link === undefined
      link ??= await newLink()
      const answer = await get(link, { from, timeout: requestTimeout, signal })
      if (answer.status === 200 || answer.status === 206) return contentFrom(answer, from)
      answer.drop()
      if (isSealed(answer)) await waiting.wait(answer.headers, signal)
      else if (isStale(answer.status) && !isNew) link = undefined
      else if (isPassingStatus(answer.status)) {
        throw Object.assign(new Error(`the storage answered ${answer.status}`), { code: 'ECONNRESET' })
      } else {
        throw new RalphError(
          isStale(answer.status) ? 'NOT_FOUND' : 'STORE_UNAVAILABLE',
          `archive ${id}: the storage at ${link.host} answered ${answer.status} to the link that OVH gave`,
          { status: answer.status }
        )
      }
    }
  }

  const isPassing = (error: unknown): boolean => !(error instanceof RalphError) && !isLasting(error)
  try {
    for await (const chunk of inChunksOf(chunkSize, readResuming(open, { size: details.size, signal, isPassing }))) {
      check.add(chunk)
      yield chunk
    }
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof RalphError) throw error
    throw new RalphError(
      'STORE_UNAVAILABLE',
      `archive ${id}: the download broke: ${networkReason(error)}`,
      {},
      { cause: error }
    )
  }
  return check.finish()
}
