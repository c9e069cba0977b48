import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { RalphError } from '../errors.ts'
import { isAlternate } from './alternate-request.ts'
import type { Budget, Share } from './budget.ts'

const decompressors: ReadonlyMap<string, () => NodeJS.ReadWriteStream & { destroy(error: Error): void }> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
  ['br', createBrotliDecompress]
])

export interface BodyLimits {
  /** Of one body, in bytes, after decompression. */
  readonly maxBodySize: number
  /** Of all bodies and answers together. */
  readonly budget: Budget
  /** Milliseconds for which a large body waits for room. Meanwhile nothing of it is read. */
  readonly patience: number
  /** Of all forms whose sender is known only when they were read. */
  readonly anonymous: Budget
  /** Milliseconds within which such a form must have arrived. */
  readonly anonymousTimeout: number
  readonly late: () => RalphError
}

declare module 'fastify' {
  interface FastifyRequest {
    /** What it holds of the budget; undefined as long as that is nothing. */
    share: Share | undefined
  }
}

/** The share of a request in a budget, given back when its answer was sent, or nobody waits for it any more. */
export const shareOf = (request: FastifyRequest, reply: FastifyReply, budget: Budget): Share => {
  if (request.share !== undefined) return request.share
  const share = budget.share()
  request.share = share
  if (reply.raw.closed) share.release()
  else reply.raw.once('close', share.release)
  return share
}

/** What a form held while its sender was unknown is held on the account of all once he is known. */
export const moveShare = (request: FastifyRequest, reply: FastifyReply, budget: Budget, bytes: number): void => {
  request.share?.release()
  request.share = undefined
  shareOf(request, reply, budget).take(bytes)
}

/** A body that was worked on, or refused, is held no longer, however slowly its sender reads the answer. */
export const letGo = (request: FastifyRequest): void => {
  request.body = undefined
  request.share?.release()
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
  // Whoever is not known yet has room for what he has sent, not for what he says.
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

/** Bodies are bytes to everyone; whoever takes one knows what it should be. */
export const readBodies = (server: FastifyInstance, limits: BodyLimits): void => {
  const { budget, anonymous } = limits
  const deadline = { patience: limits.anonymousTimeout, late: limits.late }
  server.decorateRequest('share', undefined)
  server.removeAllContentTypeParsers()
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
    // Whoever reads the body hears of errors; where nobody does, as of a GET, one must not end the process.
    decompressed.on('error', () => {})
    return payload.pipe(decompressed)
  })
}
