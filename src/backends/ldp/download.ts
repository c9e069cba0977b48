import { createHash } from 'node:crypto'
import type { ArchiveDetails } from '../../contracts/archive-source.ts'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { readResuming } from '../../network/resuming.ts'
import { isLasting, networkReason } from '../../network/retry.ts'
import { inChunksOf } from '../../streams/byte-source.ts'
import { contentFrom, get, isPassingStatus } from './storage.ts'
import { isSealed, unsealing } from './unseal.ts'

export interface Download {
  /** For messages. */
  readonly id: string
  /** The size of the whole archive, in bytes. */
  readonly size: number | undefined
  /** In seconds. */
  readonly requestTimeout: number | undefined
  /** Requests a new temporary link to the archive. */
  newLink(): Promise<URL>
  /** Called when the archive is being restored from cold storage. The archive is requested again once this resolves. */
  whenSealed(headers: Headers): Promise<void>
}

const corrupt = (id: string, reason: string): RalphError =>
  new RalphError('STORE_CORRUPT', `archive ${id} arrived damaged: ${reason}; read it again`)

/** Compares the bytes that passed with the details from the API. */
const createCheck = (id: string, { size, sha256, md5 }: ArchiveDetails) => {
  const [algorithm, expected] = sha256 === undefined ? (['md5', md5] as const) : (['sha256', sha256] as const)
  const hash = createHash(algorithm)
  let bytes = 0
  return {
    add: (chunk: Uint8Array): void => {
      hash.update(chunk)
      bytes += chunk.length
    },
    /** Returns the size. Throws `STORE_CORRUPT`. */
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

/** Whether a link is no longer valid. It becomes invalid some time after it was made. */
const isStale = (status: number): boolean => [401, 403, 404, 410].includes(status)

/** Follows links to an archive. When a connection breaks, it continues after the last byte. It does not check the bytes. */
export const createDownload = (
  { id, size, requestTimeout, newLink, whenSealed }: Download,
  { signal }: { readonly signal?: AbortSignal | undefined }
) => {
  let link: URL | undefined

  const open = async (from: number): Promise<AsyncIterable<Uint8Array>> => {
    for (;;) {
      const isNew = link === undefined
      link ??= await newLink()
      const answer = await get(link, { from, timeout: requestTimeout, signal })
      if (answer.status === 200 || answer.status === 206) return contentFrom(answer, from)
      answer.drop()
      if (isSealed(answer)) await whenSealed(answer.headers)
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
  const inOurTerms = (error: unknown): unknown => {
    signal?.throwIfAborted()
    if (error instanceof RalphError) return error
    return new RalphError(
      'STORE_UNAVAILABLE',
      `archive ${id}: the download broke: ${networkReason(error)}`,
      {},
      { cause: error }
    )
  }

  return {
    /** Yields the bytes from this position on. */
    read: async function* (from: number): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        yield* readResuming(open, { from, size, signal, isPassing })
      } catch (error) {
        throw inOurTerms(error)
      }
    }
  }
}

/**
 * Yields the bytes of an archive. Returns their number after they were checked. It waits until the archive is restored from cold storage,
 * and continues when a connection breaks.
 */
export async function* download(
  {
    details,
    unsealTimeout,
    log,
    ...archive
  }: Omit<Download, 'size' | 'whenSealed'> & {
    readonly details: ArchiveDetails
    /** In seconds. */
    readonly unsealTimeout: number
    readonly log: Log
  },
  { chunkSize, signal }: { readonly chunkSize?: number | undefined; readonly signal?: AbortSignal | undefined }
): AsyncGenerator<Uint8Array, number, undefined> {
  const { id } = archive
  const check = createCheck(id, details)
  const waiting = unsealing(id, { timeout: unsealTimeout, expected: details.retrievalDelay, log })
  const whenSealed = (headers: Headers): Promise<void> => waiting.wait(headers, signal)
  const { read } = createDownload({ ...archive, size: details.size, whenSealed }, { signal })
  for await (const chunk of inChunksOf(chunkSize, read(0))) {
    check.add(chunk)
    yield chunk
  }
  return check.finish()
}
