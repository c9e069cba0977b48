import { randomUUID } from 'node:crypto'
import type { BytesBackend, Listed, ListOptions, ReadOptions, WriteOptions } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { readResuming } from '../../network/resuming.ts'
import { isPassingNetworkError, unreachable } from '../../network/unreachable.ts'
import {
  alreadyThere,
  type ContainerNaming,
  changedWhileRead,
  containerOf,
  formatPlace,
  type ObjectPlace,
  placeToRead,
  placeToWrite
} from '../../records/object-place.ts'
import { statusByAsking } from '../../storage/status.ts'
import { byteSource, inChunksOf } from '../../streams/byte-source.ts'
import { formatMicros } from '../../xapi/timestamp.ts'
import { deleteObject } from './delete.ts'
import { expectStatus } from './errors.ts'
import { findSegments, removeSegments } from './former-segments.ts'
import { textOf } from './http.ts'
import { listContainers, listObjects } from './list.ts'
import { parseStorageUrl, pathOf } from './object-path.ts'
import { createSession, type SessionOptions } from './session.ts'
import { headObject, writeObject } from './write.ts'

export interface SwiftDataOptions extends SessionOptions {
  readonly container: string | undefined
  readonly segmentSize: number
  /** Names per list request. */
  readonly pageSize?: number
  readonly log: Log
}

const prefix = 'RALPH_BACKENDS__DATA__SWIFT__'

/** The URL of the storage may name the container. If the setting names one too, it must be the same. */
const defaultContainerOf = ({ container, objectStorageUrl }: SwiftDataOptions): string | undefined => {
  const named = objectStorageUrl === undefined ? undefined : parseStorageUrl(objectStorageUrl).container
  if (named !== undefined && container !== undefined && named !== container) {
    const message = `${prefix}DEFAULT_CONTAINER is ${container} and ${prefix}OBJECT_STORAGE_URL names container ${named}: set one of them`
    throw new RalphError('INVALID_SETTING', message)
  }
  return container ?? named
}

/** Objects of containers. A written object exists whole or not at all. */
export const openSwiftData = async (options: SwiftDataOptions): Promise<BytesBackend> => {
  const { clock, log, segmentSize, pageSize = 10_000 } = options
  const naming: ContainerNaming = {
    word: 'container',
    variable: `${prefix}DEFAULT_CONTAINER`,
    byDefault: defaultContainerOf(options)
  }
  const session = createSession(options)

  const list = ({ target, signal }: ListOptions): AsyncGenerator<Listed, void, undefined> =>
    listObjects(session, containerOf(target, naming), pageSize, signal)

  const get = async (place: ObjectPlace, signal: AbortSignal | undefined, from = 0, tag = '') => {
    const headers = from === 0 ? {} : { range: `bytes=${from}-`, 'if-match': `"${tag}"` }
    const answer = await session.request({ method: 'GET', path: pathOf(place.container, place.name), headers, signal })
    if (from > 0 && (answer.status === 412 || answer.status === 416 || answer.status === 404)) {
      await textOf(answer)
      throw changedWhileRead(place, answer.status === 404 ? 'deleted' : 'changed')
    }
    // A restart from the beginning would yield the first bytes twice.
    return expectStatus(answer, place, from === 0 ? 200 : 206)
  }

  async function* read(query: string | undefined, options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
    const { target, signal, onObject, onTotal, chunkSize } = options
    const place = placeToRead(query, target, naming)
    const first = await get(place, signal)
    const length = first.headers['content-length']
    const size = length === undefined ? undefined : Number(length)
    const tag = (first.headers.etag ?? '').replaceAll('"', '')
    if (size !== undefined) onTotal?.({ bytes: size })
    let answer: typeof first | undefined = first
    const open = async (from: number): Promise<AsyncIterable<Uint8Array>> => {
      const { body } = answer ?? (await get(place, signal, from, tag))
      answer = undefined
      return body
    }
    let done = 0
    try {
      const chunks = readResuming(open, { size, signal, isPassing: isPassingNetworkError })
      for await (const chunk of inChunksOf(chunkSize, chunks)) {
        done += chunk.length
        yield chunk
      }
    } catch (error) {
      signal?.throwIfAborted()
      throw unreachable(error, formatPlace(place)) ?? error
    }
    onObject?.({ historyId: formatPlace(place), size: done })
  }

  const write = async (content: AsyncIterable<Uint8Array>, { target, operation, signal }: WriteOptions) => {
    const place = placeToWrite(target, naming, clock)
    const replaces = operation === 'update'
    // Checked before a write that may take hours. The upload tells the server the same condition again.
    if (!replaces && (await headObject(session, place, signal)).status === 200) throw alreadyThere(place)
    const stamp = `${formatMicros(clock())}-${randomUUID()}`
    const source = byteSource(content, signal)
    try {
      const former = replaces ? await findSegments(session, place, signal) : []
      const size = await writeObject(session, place, source, { segmentSize, replaces, stamp, signal, log })
      await removeSegments(session, former, log)
      return { historyId: formatPlace(place), size, details: { operation_type: operation } }
    } finally {
      await source.close()
    }
  }

  const status = ({ signal }: CallOptions = {}): Promise<BackendStatus> =>
    statusByAsking(
      async () => {
        const container = containerOf(undefined, naming)
        const answer = await session.request({ method: 'HEAD', path: pathOf(container), signal })
        await textOf(await expectStatus(answer, { container }, 200, 204))
      },
      { signal }
    )

  return {
    moves: 'bytes',
    status,
    containers: ({ signal }) => listContainers(session, pageSize, signal),
    list,
    read,
    write,
    delete: (id, { target, signal }) => deleteObject(session, placeToRead(id, target, naming), signal),
    close: async () => session.close()
  }
}
