import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
  type S3Client
} from '@aws-sdk/client-s3'
import type { Clock } from '../../contracts/clock.ts'
import type { BytesBackend, Listed, ListOptions, ReadOptions, WriteOptions } from '../../contracts/data-backend.ts'
import type { Log } from '../../contracts/log.ts'
import type { BackendStatus } from '../../contracts/lrs-backend.ts'
import type { CallOptions } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { readResuming } from '../../network/resuming.ts'
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
import { createS3Client, type S3Access } from './client.ts'
import { isAnswer, isPassing, translateError } from './errors.ts'
import { upload } from './upload.ts'

export interface S3DataOptions extends S3Access {
  readonly bucket: string | undefined
  readonly writeChunkSize: number
  /** Keys per list request. Undefined: the default of the server. */
  readonly pageSize?: number
  readonly clock: Clock
  readonly log: Log
}

type Body = AsyncIterable<Uint8Array>

/** In Node the driver returns a stream of Node. Its type covers browsers too. */
const bodyOf = ({ Body }: GetObjectCommandOutput): Body => {
  if (Body === undefined || !(Symbol.asyncIterator in Body)) throw new Error('an object came without content')
  return Body as Body
}

const plain = (value: object): Listed['details'] =>
  Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) =>
      each === undefined ? [] : [[key, each instanceof Date ? each.toISOString() : each]]
    )
  )

const callOf = (signal: AbortSignal | undefined): { abortSignal?: AbortSignal } =>
  signal === undefined ? {} : { abortSignal: signal }

/** The rest must come from the same version of the object. */
const gone = (error: unknown, place: ObjectPlace): never => {
  if (isAnswer(error, 412)) throw changedWhileRead(place, 'changed', error)
  if (isAnswer(error, 404)) throw changedWhileRead(place, 'deleted', error)
  throw error
}

/** A server, and its client. */
interface S3Server {
  readonly client: S3Client
  readonly url: string
}

/** If the signal of the caller ended the request, its reason is thrown. */
const fail = (
  { url }: S3Server,
  error: unknown,
  about: { readonly container: string; readonly name?: string },
  signal?: AbortSignal
): never => {
  signal?.throwIfAborted()
  throw translateError(error, { url, ...about })
}

const get = async (
  { client }: S3Server,
  place: ObjectPlace,
  signal: AbortSignal | undefined,
  from = 0,
  tag?: string
): Promise<GetObjectCommandOutput> =>
  client.send(
    new GetObjectCommand({
      Bucket: place.container,
      Key: place.name,
      ...(from === 0 ? {} : { Range: `bytes=${from}-` }),
      ...(tag === undefined ? {} : { IfMatch: tag })
    }),
    callOf(signal)
  )

async function* readObject(
  server: S3Server,
  place: ObjectPlace,
  options: ReadOptions
): AsyncGenerator<Uint8Array, void, undefined> {
  const { signal, onObject, onTotal } = options
  let first: GetObjectCommandOutput | undefined = await get(server, place, signal).catch((error: unknown) =>
    fail(server, error, place, signal)
  )
  const { ETag: tag, ContentLength: size } = first
  if (size !== undefined) onTotal?.({ bytes: size })

  const open = async (from: number): Promise<Body> => {
    const answer = first ?? (await get(server, place, signal, from, tag).catch((error: unknown) => gone(error, place)))
    first = undefined
    if (from > 0 && answer.$metadata.httpStatusCode !== 206) {
      // A restart from the beginning would yield the first bytes twice.
      throw new RalphError(
        'STORE_UNAVAILABLE',
        `${server.url} cannot be continued where the connection broke: read it again`
      )
    }
    return bodyOf(answer)
  }
  let done = 0
  try {
    const chunks = readResuming(open, { size, signal, isPassing })
    for await (const chunk of inChunksOf(options.chunkSize, chunks)) {
      done += chunk.length
      yield chunk
    }
  } catch (error) {
    fail(server, error, place, signal)
  }
  onObject?.({ historyId: formatPlace(place), size: done })
}

/** Undefined: it cannot be found out. */
const isThere = async (
  server: S3Server,
  place: ObjectPlace,
  signal: AbortSignal | undefined
): Promise<boolean | undefined> => {
  try {
    await server.client.send(new HeadObjectCommand({ Bucket: place.container, Key: place.name }), callOf(signal))
    return true
  } catch (error) {
    if (isAnswer(error, 404)) return false
    // A user who may write may not always look. Other problems show in the answers to other requests.
    if ([400, 401, 403].some((status) => isAnswer(error, status))) return undefined
    return fail(server, error, place, signal)
  }
}

/** Objects of buckets. A written object exists whole or not at all. */
export const openS3Data = async (options: S3DataOptions): Promise<BytesBackend> => {
  const { clock, log } = options
  const server: S3Server = { client: createS3Client(options), url: options.endpoint ?? 'Amazon S3' }
  const { client } = server
  const naming: ContainerNaming = {
    word: 'bucket',
    variable: 'RALPH_BACKENDS__DATA__S3__DEFAULT_BUCKET_NAME',
    byDefault: options.bucket
  }

  async function* list({ target, signal }: ListOptions): AsyncGenerator<Listed, void, undefined> {
    const container = containerOf(target, naming)
    try {
      const config = options.pageSize === undefined ? { client } : { client, pageSize: options.pageSize }
      for await (const page of paginateListObjectsV2(config, { Bucket: container }, callOf(signal))) {
        signal?.throwIfAborted()
        for (const object of page.Contents ?? []) {
          if (object.Key === undefined) continue
          const historyId = formatPlace({ container, name: object.Key })
          yield { id: object.Key, historyId, details: plain(object) }
        }
      }
    } catch (error) {
      fail(server, error, { container }, signal)
    }
  }

  const write = async (content: AsyncIterable<Uint8Array>, { target, operation, signal }: WriteOptions) => {
    const place = placeToWrite(target, naming, clock)
    const replaces = operation === 'update'
    // Checked before a write that may take hours. The upload tells the server the same condition again.
    if (!replaces && (await isThere(server, place, signal))) throw alreadyThere(place)
    let sourceFailed = false
    const source = byteSource(
      (async function* () {
        try {
          yield* content
        } catch (error) {
          sourceFailed = true
          throw error
        }
      })(),
      signal
    )
    try {
      const size = await upload(client, place, source, { partSize: options.writeChunkSize, replaces, signal, log })
      return { historyId: formatPlace(place), size, details: { operation_type: operation } }
    } catch (error) {
      if (sourceFailed) throw error
      return fail(server, error, place, signal)
    } finally {
      await source.close()
    }
  }

  const status = ({ signal }: CallOptions = {}): Promise<BackendStatus> =>
    statusByAsking(
      async () => {
        const container = containerOf(undefined, naming)
        // Not HEAD, because its answers do not give a reason.
        await client
          .send(new ListObjectsV2Command({ Bucket: container, MaxKeys: 1 }), callOf(signal))
          .catch((error: unknown) => fail(server, error, { container }, signal))
      },
      { signal }
    )

  return {
    moves: 'bytes',
    status,
    list,
    read: (query, wanted) => readObject(server, placeToRead(query, wanted.target, naming), wanted),
    write,
    delete: async (id, { target, signal }) => {
      const place = placeToRead(id, target, naming)
      // S3 does not fail when the object to delete does not exist.
      if ((await isThere(server, place, signal)) === false) {
        throw new RalphError('NOT_FOUND', `${formatPlace(place)} is not there`)
      }
      await client
        .send(new DeleteObjectCommand({ Bucket: place.container, Key: place.name }), callOf(signal))
        .catch((error: unknown) => fail(server, error, place, signal))
      return { deleted: 1 }
    },
    close: async () => client.destroy()
  }
}
