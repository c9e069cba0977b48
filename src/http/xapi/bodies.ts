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
  /** The most bytes of one body, after decompression. */
  readonly maxBodySize: number
  /** Milliseconds for which a large body waits for room. Nothing of it is read meanwhile. */
  readonly patience: number
}

const bodyTooLarge = (limit: number): RalphError =>
  new RalphError('BODY_TOO_LARGE', `The body is larger than the ${limit} bytes of RALPH_RUNSERVER_MAX_BODY_SIZE.`, {
    limit,
    setting: 'RALPH_RUNSERVER_MAX_BODY_SIZE'
  })

const wrongLength = (): RalphError =>
  new RalphError('MALFORMED_REQUEST', 'The length of the body differs from Content-Length.')

/** A body of at least this many bytes is put into one buffer as it arrives, so that its pieces are not kept as well. */
const large = 2 ** 16

/** Collects the bytes of a body in one piece. */
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
    // Copied even if it is one piece: no body may be a view of the buffer of the socket.
    bytes: () => whole ?? Buffer.concat(pieces, length)
  }
}

const lengthOf = (request: FastifyRequest): number | undefined => {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}

/** Rejects with the error of `late` after `patience` milliseconds. Undefined: there is no time limit. */
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
  // A sender that is not authenticated yet gets room for the bytes that arrived, not for those that are announced.
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

/** The error for a form that takes too long to arrive. Its sender is not known before it was read. */
const late = (limit: number): RalphError =>
  new RalphError(
    'REQUEST_TIMEOUT',
    `The form took longer to arrive than the ${limit} s of RALPH_RUNSERVER_ANONYMOUS_TIMEOUT.`,
    { limit, setting: 'RALPH_RUNSERVER_ANONYMOUS_TIMEOUT' }
  )

/** Reads a body of xAPI into one buffer, whatever its type says. The operation knows what it should be. */
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
  // Decompressed while it arrives, so that the size limit applies to the decompressed body.
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
    // The reader of the body gets errors. The body of a GET has no reader, and an error must not end the process.
    decompressed.on('error', () => {})
    return payload.pipe(decompressed)
  })
}
