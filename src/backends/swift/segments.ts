import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import { alreadyThere, formatPlace, type ObjectPlace } from '../../records/object-place.ts'
import { expectStatus, refusalOf } from './errors.ts'
import { removeSegments } from './former-segments.ts'
import { textOf } from './http.ts'
import { pathOf } from './object-path.ts'
import type { SwiftSession } from './session.ts'

/** A part of an object, which is itself an object. */
export interface Segment {
  readonly place: ObjectPlace
  /** The MD5 of its bytes. */
  readonly tag: string
  readonly size: number
}

export interface SegmentsOptions {
  readonly stamp: string
  readonly replaces: boolean
  readonly signal: AbortSignal | undefined
  readonly log: Log
}

/** The segments of one object that is being written. */
export interface Segments {
  readonly container: string
  readonly written: readonly Segment[]
  /** Returns false when the container does not exist and the user may not create it. */
  makeContainer(): Promise<boolean>
  nextPlace(): ObjectPlace
  add(segment: Segment): void
  /** Makes them one object as the last step. Returns its size. */
  join(): Promise<number>
  /** Removes them. A failure is only a warning. */
  remove(): Promise<void>
  /** Like `remove`, unless they are the object, or it is not known whether they are. */
  abandon(): Promise<void>
}

/** The number of segments in one manifest that Swift accepts by default. */
const maxSegments = 1000

/** Makes the container of segments. Returns false when it does not exist and the user may not create it. */
const makeContainer = async (
  session: SwiftSession,
  ofObject: string,
  container: string,
  signal: AbortSignal | undefined
): Promise<boolean> => {
  // Segments get the storage policy of the container.
  const head = await session.request({ method: 'HEAD', path: pathOf(ofObject), signal })
  if (head.status === 404) throw await refusalOf(head, { container: ofObject })
  await textOf(head)
  const policy = head.headers['x-storage-policy']
  const headers = typeof policy === 'string' ? { 'x-storage-policy': policy } : {}
  const there = await session.request({ method: 'HEAD', path: pathOf(container), signal })
  await textOf(there)
  if (there.status === 204 || there.status === 200) return true
  const answer = await session.request({ method: 'PUT', path: pathOf(container), headers, signal })
  if (answer.status === 403) {
    await textOf(answer)
    return false
  }
  await textOf(await expectStatus(answer, { container }, 201, 202))
  return true
}

export const createSegments = (
  session: SwiftSession,
  place: ObjectPlace,
  { stamp, replaces, signal, log }: SegmentsOptions
): Segments => {
  const container = `${place.container}_segments`
  const prefix = `${place.name}/${stamp}/`
  const written: Segment[] = []
  let given = 0
  /** The manifest was sent, but its result is not known. */
  let inDoubt = false

  const placeOf = (number: number): ObjectPlace => ({
    container,
    name: `${prefix}${String(number).padStart(8, '0')}`
  })

  /** Whether the object exists and is made of these segments. Undefined: not known. */
  const isJoined = async (): Promise<boolean | undefined> => {
    const path = pathOf(place.container, place.name, { 'multipart-manifest': 'get', format: 'raw' })
    try {
      const answer = await session.request({ method: 'GET', path, signal: undefined })
      if (answer.status === 404) {
        await textOf(answer)
        return false
      }
      await expectStatus(answer, place, 200)
      if (answer.headers['x-static-large-object'] === undefined) {
        answer.body.destroy()
        return false
      }
      return (await textOf(answer)).includes(stamp)
    } catch {
      return undefined
    }
  }

  const remove = (): Promise<void> =>
    removeSegments(
      session,
      Array.from({ length: given }, (_, index) => placeOf(index + 1)),
      log
    )

  return {
    container,
    written,
    makeContainer: () => makeContainer(session, place.container, container, signal),
    nextPlace: () => {
      if (given === maxSegments) {
        throw new RalphError(
          'STORE_FULL',
          `${formatPlace(place)} has more than ${maxSegments} segments: set RALPH_BACKENDS__DATA__SWIFT__SEGMENT_SIZE to more`
        )
      }
      given += 1
      return placeOf(given)
    },
    add: (segment) => {
      written.push(segment)
    },
    join: async () => {
      const manifest = written.map(({ place: { container, name }, tag, size }) => ({
        path: `/${container}/${name}`,
        etag: tag,
        size_bytes: size
      }))
      inDoubt = true
      const answer = await session.request({
        method: 'PUT',
        path: pathOf(place.container, place.name, { 'multipart-manifest': 'put' }),
        headers: { 'content-type': 'application/octet-stream', ...(replaces ? {} : { 'if-none-match': '*' }) },
        body: Buffer.from(JSON.stringify(manifest)),
        signal
      })
      if (answer.status === 412 && !(answer.attempts > 1 && (await isJoined()))) {
        await textOf(answer)
        inDoubt = answer.attempts > 1
        throw alreadyThere(place)
      }
      if (answer.status !== 412) await expectStatus(answer, place, 201, 202)
      await textOf(answer)
      return written.reduce((sum, { size }) => sum + size, 0)
    },
    remove,
    abandon: async () => {
      const joined = inDoubt ? await isJoined() : false
      if (joined === false) return remove()
      // If they were removed now, an existing object could lack them.
      log.warn(`${formatPlace(place)}: it is unknown whether it was written; its segments stay in ${container}`)
    }
  }
}
