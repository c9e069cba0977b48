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
  /** Size of the whole archive in bytes. */
  readonly size: number | undefined
  /** In seconds. */
  readonly requestTimeout: number | undefined
  /** A new temporary link to the archive. */
  newLink(): Promise<URL>
  /** Called when it is on its way from cold storage; it is asked for again once this resolves. */
  whenSealed(headers: Headers): Promise<void>
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

/** Follows links to an archive. What it gives goes on where a connection broke; it judges nothing of what arrives. */
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
    /** The bytes from this one on. */
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
 * The bytes of an archive; returns how many, once they were found to be right. Waits until it was brought from cold
 * storage, and goes on where a connection broke.
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
