import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { RalphError } from '../../errors.ts'
import { createBudget } from '../budget.ts'
import type { HttpContext } from '../plugin.ts'
import { shareOf } from '../share.ts'
import { isAlternate } from './alternate-request.ts'

const decompressors: ReadonlyMap<string, () => NodeJS.ReadWriteStream & { destroy(error: Error): void }> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress]
])

interface BodyLimits {
  /** Of one body, in bytes, after decompression. */
  readonly maxBodySize: number
  /** Milliseconds for which a large body waits for room. Meanwhile nothing of it is read. */
  readonly patience: number
}

const bodyTooLarge = (limit: number): RalphError =>
  new RalphError('BODY_TOO_LARGE', `The body is larger than the ${limit} bytes of RALPH_RUNSERVER_MAX_BODY_SIZE.`, {
    limit,
    setting: 'RALPH_RUNSERVER_MAX_BODY_SIZE'
  })

const wrongLength = (): RalphError =>
  new RalphError('MALFORMED_REQUEST', 'The body does not have the length that Content-Length says.')

/** From this many bytes on a body is put into one buffer as it arrives: its pieces are not kept beside it. */
const large = 2 ** 16

/** The bytes of a body, in one piece. */
const createCollector = (expected: number | undefined) => {
  const whole = expected !== undefined && expected > large ? Buffer.allocUnsafeSlow(expected) : undefined
  const pieces: Buffer[] = []
  let length = 0
  return {
    add: (piece: Buffer): void => {
      if (whole === undefined) pieces.push(piece)
      else piece.copy(whole, length)
      length += piece.length
    },
    length: () => length,
    // Copied, where it is one piece as well: no body is a view of what the socket reads into.
    bytes: () => whole ?? Buffer.concat(pieces, length)
  }
}

const lengthOf = (request: FastifyRequest): number | undefined => {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

/** Rejects with what `late` makes when it takes longer than `patience` milliseconds; undefined: it may take its time. */
interface Deadline {
  readonly patience: number
  readonly late: () => RalphError
}

const collect = async (
  payload: Readable,
  request: FastifyRequest,
  { maxBodySize: limit, patience }: BodyLimits,
  deadline: Deadline | undefined
): Promise<Buffer> => {
  const expected = lengthOf(request)
  if (expected !== undefined && expected > limit) throw bodyTooLarge(limit)
  // A sender that is not known yet has room for the bytes that have arrived, not for those that are announced.
  const isReserved = expected !== undefined && deadline === undefined
  if (isReserved) await request.share?.reserve(expected, patience)
  const collector = createCollector(expected)
  return new Promise((resolve, reject) => {
    const timer = deadline && setTimeout(() => refuse(deadline.late()), deadline.patience)
    const leave = (): void => {
      clearTimeout(timer)
      payload.off('data', onData)
      payload.off('end', onEnd)
      payload.off('error', refuse)
    }
    const refuse = (error: unknown): void => {
      leave()
      reject(error)
    }
    const onData = (piece: Buffer): void => {
      try {
        const length = collector.length() + piece.length
        if (length > limit) throw bodyTooLarge(limit)
        if (expected !== undefined && length > expected) throw wrongLength()
        if (!isReserved) request.share?.take(piece.length)
        collector.add(piece)
      } catch (error) {
        refuse(error)
      }
    }
    const onEnd = (): void => {
      leave()
      if (expected !== undefined && collector.length() !== expected) reject(wrongLength())
      else resolve(collector.bytes())
    }
    payload.on('data', onData).on('end', onEnd).on('error', refuse)
    payload.resume()
  })
}

/** A form whose sender is not known before it was read, and that does not arrive. */
const late = (limit: number): RalphError =>
  new RalphError(
    'REQUEST_TIMEOUT',
    `The form took longer to arrive than the ${limit} s of RALPH_RUNSERVER_ANONYMOUS_TIMEOUT.`,
    { limit, setting: 'RALPH_RUNSERVER_ANONYMOUS_TIMEOUT' }
  )

/** A body of xAPI is read into one buffer, whatever its type says. The operation knows what it should be. */
export const readBodies = (server: FastifyInstance, { settings, budget }: HttpContext): void => {
  const { maxBodySize, waitForRoom, maxAnonymousBytes, anonymousTimeout } = settings
  const limits: BodyLimits = { maxBodySize, patience: waitForRoom * 1000 }
  const anonymous = createBudget({
    limit: maxAnonymousBytes,
    setting: 'RALPH_RUNSERVER_MAX_ANONYMOUS_BYTES',
    what: 'forms whose sender is not known yet'
  })
  const deadline: Deadline = { patience: anonymousTimeout * 1000, late: () => late(anonymousTimeout) }
  server.addContentTypeParser(
    '*',
    (request: FastifyRequest, payload: IncomingMessage): Promise<Buffer> =>
      collect(payload, request, limits, isAlternate(request.method, request.url) ? deadline : undefined)
  )
  // Decompressed as they come in, so that the limit on bodies holds for what they unfold to.
  server.addHook('preParsing', async (request, reply, payload) => {
    shareOf(request, reply, isAlternate(request.method, request.url) ? anonymous : budget)
    const encoding = request.headers['content-encoding']?.toLowerCase() ?? 'identity'
    if (encoding === 'identity') return payload
    const decompress = decompressors.get(encoding)
    if (decompress === undefined) {
      throw new RalphError('UNSUPPORTED_MEDIA_TYPE', `Content-Encoding ${JSON.stringify(encoding)} is not supported.`, {
        supported: [...decompressors.keys()]
      })
    }
    delete request.headers['content-length']
    const decompressed = decompress()
    payload.on('error', (error) => decompressed.destroy(error))
    // The reader of the body hears of errors. The body of a GET has no reader, and an error must not end the process.
    decompressed.on('error', () => {})
    return payload.pipe(decompressed)
  })
}
