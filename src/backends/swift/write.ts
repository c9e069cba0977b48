import { createHash } from 'node:crypto'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { alreadyThere, formatPlace, type ObjectPlace } from '../../records/object-place.ts'
import type { ByteSource } from '../../streams/byte-source.ts'
import { aboutWriting, expectStatus, refusalOf } from './errors.ts'
import { textOf } from './http.ts'
import { pathOf } from './object-path.ts'
import { createSegments, type Segment } from './segments.ts'
import type { SwiftAnswer, SwiftSession } from './session.ts'

export interface WriteObjectOptions {
  readonly segmentSize: number
  /** Whether it replaces an existing object. */
  readonly replaces: boolean
  /** Unique to this object. The names of its segments contain it. */
  readonly stamp: string
  readonly signal: AbortSignal | undefined
  readonly log: Log
}

/** Smaller objects are kept in memory, so they can be sent again. */
const memory = 8 * 2 ** 20

const tagOf = ({ headers }: SwiftAnswer): string => (headers.etag ?? '').replaceAll('"', '')

const conditionOf = (replaces: boolean): { readonly [name: string]: string } =>
  replaces ? {} : { 'if-none-match': '*' }

export const headObject = async (
  session: SwiftSession,
  { container, name }: ObjectPlace,
  signal: AbortSignal | undefined
): Promise<SwiftAnswer> => {
  const answer = await session.request({ method: 'HEAD', path: pathOf(container, name), signal })
  await textOf(answer)
  return answer
}

const putWhole = async (
  session: SwiftSession,
  place: ObjectPlace,
  body: Uint8Array,
  { replaces, signal }: WriteObjectOptions
): Promise<number> => {
  const digest = createHash('md5').update(body).digest('hex')
  const headers = { ...conditionOf(replaces), etag: digest }
  const answer = await session.request({
    method: 'PUT',
    path: pathOf(place.container, place.name),
    headers,
    body,
    signal
  })
  if (answer.status === 412) {
    await textOf(answer)
    const ours = answer.attempts > 1 && tagOf(await headObject(session, place, signal)) === digest
    if (!ours) throw alreadyThere(place)
    return body.length
  }
  await textOf(await expectStatus(answer, aboutWriting(place, answer), 201, 202))
  return body.length
}

/** Sends at most `limit` bytes: those of `head`, then those of the source. */
const putSegment = async (
  session: SwiftSession,
  place: ObjectPlace,
  head: Uint8Array,
  source: ByteSource,
  limit: number,
  signal: AbortSignal | undefined,
  options: { readonly condition?: { readonly [name: string]: string }; readonly refuseMore?: () => RalphError } = {}
): Promise<Segment> => {
  const hash = createHash('md5')
  let size = 0
  const next = async (): Promise<Uint8Array | undefined> => {
    const chunk = size === 0 && head.length > 0 ? head : size < limit ? await source.take(limit - size) : undefined
    if (chunk === undefined) {
      // An error before the end of the request leaves nothing behind.
      if (options.refuseMore !== undefined && !(await source.isAtEnd())) throw options.refuseMore()
      return undefined
    }
    hash.update(chunk)
    size += chunk.length
    return chunk
  }
  const path = pathOf(place.container, place.name)
  const headers = { ...options.condition }
  const answer = await session.request({ method: 'PUT', path, headers, body: { next }, signal })
  if (answer.status === 412) {
    await textOf(answer)
    throw alreadyThere(place)
  }
  await textOf(await expectStatus(answer, aboutWriting(place, answer), 201, 202))
  const digest = hash.digest('hex')
  if (tagOf(answer) !== digest) {
    throw new RalphError(
      'STORE_UNAVAILABLE',
      `${formatPlace(place)}: the stored bytes differ from the sent ones: try again`
    )
  }
  return { place, tag: digest, size }
}

/** The server makes the copy. It exists whole or not at all. */
const copy = async (session: SwiftSession, segment: Segment, place: ObjectPlace, options: WriteObjectOptions) => {
  const { signal, replaces } = options
  // If the copy had a condition, Swift would apply it to the source.
  if (!replaces && (await headObject(session, place, signal)).status === 200) throw alreadyThere(place)
  const headers = { 'x-copy-from': pathOf(segment.place.container, segment.place.name) }
  const path = pathOf(place.container, place.name)
  const error = await session
    .request({ method: 'PUT', path, headers, signal })
    .then(async (answer) => {
      if (answer.status !== 201 && answer.status !== 202) return refusalOf(answer, aboutWriting(place, answer))
      await textOf(answer)
      return undefined
    })
    .catch((failure: unknown) => failure)
  if (error === undefined) return
  const head = await headObject(session, place, undefined).catch(() => undefined)
  if (head === undefined || tagOf(head) !== segment.tag) throw error
}

/** Writes one whole object, or leaves nothing. Returns its size. */
export const writeObject = async (
  session: SwiftSession,
  place: ObjectPlace,
  source: ByteSource,
  options: WriteObjectOptions
): Promise<number> => {
  const { segmentSize, replaces, signal, stamp, log } = options
  const buffer = Buffer.allocUnsafeSlow(Math.min(memory, segmentSize))
  const length = await source.fill(buffer)
  if (length < buffer.length || (await source.isAtEnd())) {
    return putWhole(session, place, buffer.subarray(0, length), options)
  }

  const segments = createSegments(session, place, { stamp, replaces, signal, log })
  if (!(await segments.makeContainer())) {
    // A user who may write to one container only can still do so as long as one segment is enough.
    const refuseMore = (): RalphError =>
      new RalphError(
        'FORBIDDEN',
        `${formatPlace(place)} is larger than ${segmentSize} bytes: ${segments.container} must be created first`
      )
    const condition = conditionOf(replaces)
    const { size } = await putSegment(session, place, buffer, source, segmentSize, signal, { condition, refuseMore })
    return size
  }

  try {
    let head: Uint8Array = buffer
    do {
      const segment = await putSegment(session, segments.nextPlace(), head, source, segmentSize, signal)
      segments.add(segment)
      head = Buffer.alloc(0)
    } while (!(await source.isAtEnd()))
    const [only, second] = segments.written
    if (only !== undefined && second === undefined) {
      await copy(session, only, place, options)
      await segments.remove()
      return only.size
    }
    return await segments.join()
  } catch (error) {
    await segments.abandon()
    throw error
  }
}
