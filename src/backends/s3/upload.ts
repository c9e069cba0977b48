import { createHash } from 'node:crypto'
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand
} from '@aws-sdk/client-s3'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { alreadyThere, formatPlace, type ObjectPlace } from '../../records/object-place.ts'
import type { ByteSource } from '../../streams/byte-source.ts'
import { attemptsOf, isAnswer } from './errors.ts'

export interface UploadOptions {
  /** The size of the first parts. */
  readonly partSize: number
  /** Whether it replaces an existing object. */
  readonly replaces: boolean
  readonly signal: AbortSignal | undefined
  readonly log: Log
}

const mebibyte = 2 ** 20
const maxParts = 10_000
/** S3 refuses smaller parts, except the last one. */
const minPartSize = 5 * mebibyte
/** With this size, the largest object of S3 (5 TiB) fits into the largest number of parts. */
const maxPartSize = 2048 * mebibyte
/** Milliseconds that a part may continue after the upload was stopped. */
const lateness = 3000
/** The size from which later parts grow. */
const growingFrom = 8 * mebibyte
/** The approximate size of the data that may wait to be sent. */
const memory = 24 * mebibyte

/** The size doubles with every thousand parts. So a usual object needs little memory, and the largest one still fits. */
export const partSizeOf = (number: number, first: number): number => {
  const thousands = Math.floor((number - 1) / 1000)
  return thousands === 0 ? first : Math.max(first, Math.min(maxPartSize, Math.max(first, growingFrom) * 2 ** thousands))
}

/** Sends a condition on the existing object, for servers that support it. Some answer that they do not. */
const conditionally = async <T>(
  replaces: boolean,
  send: (condition: { readonly IfNoneMatch?: '*' }) => Promise<T>
): Promise<T> => {
  if (replaces) return send({})
  try {
    return await send({ IfNoneMatch: '*' })
  } catch (error) {
    if (!isAnswer(error, 501)) throw error
    return send({})
  }
}

/** A repeated request may get an answer about the object that the first one has written. Then the existing object is ours. */
const isOurs = async (
  client: S3Client,
  { container, name }: ObjectPlace,
  error: unknown,
  size: number,
  hasTag: (tag: string) => boolean
): Promise<boolean> => {
  if (attemptsOf(error) < 2 || !(isAnswer(error, 412) || isAnswer(error, 404) || isAnswer(error, 409))) return false
  const head = await client.send(new HeadObjectCommand({ Bucket: container, Key: name })).catch(() => undefined)
  return head?.ContentLength === size && hasTag(head.ETag?.replaceAll('"', '') ?? '')
}

const refuse = (error: unknown, place: ObjectPlace): never => {
  throw isAnswer(error, 412) || isAnswer(error, 409) ? alreadyThere(place, error) : error
}

const putWhole = async (
  client: S3Client,
  place: ObjectPlace,
  body: Uint8Array,
  { replaces, signal }: UploadOptions
): Promise<number> => {
  const input = { Bucket: place.container, Key: place.name, Body: body, ContentLength: body.length }
  try {
    await conditionally(replaces, (condition) =>
      client.send(new PutObjectCommand({ ...input, ...condition }), signal === undefined ? {} : { abortSignal: signal })
    )
  } catch (error) {
    const digest = (): string => createHash('md5').update(body).digest('hex')
    if (!(await isOurs(client, place, error, body.length, (tag) => tag === digest()))) refuse(error, place)
  }
  return body.length
}

/** The parts of an object that does not exist yet. */
interface Sending {
  readonly parts: CompletedPart[]
  size: number
}

const sendParts = async (
  client: S3Client,
  place: ObjectPlace,
  uploadId: string,
  source: ByteSource,
  first: Buffer,
  options: UploadOptions
): Promise<Sending> => {
  const sent: Sending = { parts: [], size: 0 }
  const underWay = new Set<Promise<void>>()
  const free: Buffer[] = []
  // The end of an upload lets the parts in progress arrive first. Parts that arrive later could stay on the server.
  const late = new AbortController()
  const stop = (): void => {
    setTimeout(() => late.abort(), lateness).unref()
  }
  options.signal?.addEventListener('abort', stop, { once: true })
  let failure: { readonly error: unknown } | undefined
  const fail = (error: unknown): void => {
    failure ??= { error }
  }

  const send = (number: number, buffer: Buffer, length: number): void => {
    const input = { Bucket: place.container, Key: place.name, UploadId: uploadId, PartNumber: number }
    const body = { Body: buffer.subarray(0, length), ContentLength: length }
    const sending: Promise<void> = client
      .send(new UploadPartCommand({ ...input, ...body }), { abortSignal: late.signal })
      .then(({ ETag, ChecksumCRC32, ChecksumCRC64NVME }) => {
        const checksum = {
          ...(ChecksumCRC32 === undefined ? {} : { ChecksumCRC32 }),
          ...(ChecksumCRC64NVME === undefined ? {} : { ChecksumCRC64NVME })
        }
        sent.parts[number - 1] = { PartNumber: number, ...(ETag === undefined ? {} : { ETag }), ...checksum }
        sent.size += length
        free.push(buffer)
      }, fail)
      .finally(() => underWay.delete(sending))
    underWay.add(sending)
  }

  try {
    send(1, first, first.length)
    for (let number = 2; failure === undefined; number += 1) {
      const size = partSizeOf(number, first.length)
      const most = Math.max(2, Math.min(4, Math.floor(memory / size)))
      while (underWay.size >= most) await Promise.race(underWay)
      options.signal?.throwIfAborted()
      const reused = free.pop()
      const buffer = reused?.length === size ? reused : Buffer.allocUnsafeSlow(size)
      const length = await source.fill(buffer)
      if (length === 0) break
      if (number > maxParts) {
        throw new RalphError('STORE_FULL', `${formatPlace(place)}: S3 does not accept an object of this size`)
      }
      send(number, buffer, length)
    }
  } catch (error) {
    fail(error)
  }
  await Promise.all(underWay)
  options.signal?.removeEventListener('abort', stop)
  options.signal?.throwIfAborted()
  if (failure !== undefined) throw failure.error
  return sent
}

const putInParts = async (
  client: S3Client,
  place: ObjectPlace,
  source: ByteSource,
  first: Buffer,
  options: UploadOptions
): Promise<number> => {
  const { replaces, signal, log } = options
  const input = { Bucket: place.container, Key: place.name }
  const sendOptions = signal === undefined ? {} : { abortSignal: signal }
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(input), sendOptions)
  if (UploadId === undefined)
    throw new RalphError('STORE_UNAVAILABLE', `${formatPlace(place)}: the server did not begin the upload`)
  try {
    const { parts, size } = await sendParts(client, place, UploadId, source, first, options)
    try {
      await conditionally(replaces, (condition) =>
        client.send(
          new CompleteMultipartUploadCommand({ ...input, UploadId, MultipartUpload: { Parts: parts }, ...condition }),
          sendOptions
        )
      )
    } catch (error) {
      const ours = await isOurs(client, place, error, size, (tag) => tag.endsWith(`-${parts.length}`))
      if (!ours) refuse(error, place)
    }
    return size
  } catch (error) {
    // Parts cost money until they are removed. The signal that ended the upload must not end the removal.
    await client.send(new AbortMultipartUploadCommand({ ...input, UploadId })).catch((failure: unknown) => {
      if (isAnswer(failure, 404)) return
      log.warn(`${formatPlace(place)}: parts of upload ${UploadId} stay in the bucket: abort it (${failure})`)
    })
    throw error
  }
}

/** Uploads one whole object, or leaves nothing. Returns its size. */
export const upload = async (
  client: S3Client,
  place: ObjectPlace,
  source: ByteSource,
  options: UploadOptions
): Promise<number> => {
  const first = Buffer.allocUnsafeSlow(partSizeOf(1, Math.max(options.partSize, minPartSize)))
  const length = await source.fill(first)
  options.signal?.throwIfAborted()
  return length < first.length
    ? putWhole(client, place, first.subarray(0, length), options)
    : putInParts(client, place, source, first, options)
}
