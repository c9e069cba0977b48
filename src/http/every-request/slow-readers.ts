import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import fastifyPlugin from 'fastify-plugin'
import { createTally, totalOf } from '../../telemetry/tally.ts'
import type { ServerContext } from './server-context.ts'

/** Bytes that are offered to a client at once. The client must take them in time. */
const piece = 2 ** 18

/** A smaller answer fits into the buffers of the operating system. Watching it would cost more than it holds. */
const small = 2 ** 14

/** Measures the time that one client takes for a piece of its answer. */
interface Watch {
  /** Bytes were given to the connection; the client is waited for. */
  offered(): void
  /** The client took this many bytes. */
  took(bytes: number): void
}

const watch = (response: ServerResponse, patience: number, cut: () => void): Watch => {
  let timer: NodeJS.Timeout | undefined
  let since = 0
  let spent = 0
  let taken = 0
  const look = (): void => {
    // No byte of this answer can be taken before the earlier answers on the connection are.
    if (response.socket === null) offered()
    else cut()
  }
  const offered = (): void => {
    since = performance.now()
    timer = setTimeout(look, Math.max(1, patience - spent)).unref()
  }
  response.once('close', () => clearTimeout(timer))
  return {
    offered,
    took: (bytes) => {
      clearTimeout(timer)
      taken += bytes
      spent = taken >= piece ? 0 : spent + performance.now() - since
      if (taken >= piece) taken = 0
    }
  }
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += piece) yield bytes.subarray(at, at + piece)
}

/** The next piece is asked for after the previous one was taken. The time to make a piece is not counted against the client. */
async function* watched(chunks: Iterable<Buffer> | AsyncIterable<unknown>, { offered, took }: Watch): AsyncGenerator {
  for await (const chunk of chunks) {
    offered()
    yield chunk
    took(typeof chunk === 'string' || Buffer.isBuffer(chunk) ? chunk.length : piece)
  }
  offered()
}

/**
 * Cuts off clients that do not take their answers. An answer holds memory until it is taken, and a client that takes a byte now and then
 * would hold it for ever.
 */
export const slowReaders = fastifyPlugin(
  async (server: FastifyInstance, { settings: { answerTimeout }, logger }: ServerContext) => {
    const cuts = createTally({
      most: 1,
      window: 10_000,
      summarise: (counts) => logger.warn(`${totalOf(counts)} more answers were cut off`)
    })
    const cutOff = ({ socket }: ServerResponse): void => {
      cuts.note('', () =>
        logger.warn(
          'An answer was cut off: its client took less than 256 KiB of it in the ' +
            `${answerTimeout} s of RALPH_RUNSERVER_ANSWER_TIMEOUT`
        )
      )
      socket?.destroy()
    }
    server.addHook('onSend', async (request, reply, payload) => {
      const { raw } = reply
      if (raw.closed || request.method === 'HEAD') return payload
      if ((typeof payload === 'string' || Buffer.isBuffer(payload)) && payload.length <= small) return payload
      const ofReply = watch(raw, answerTimeout * 1000, () => cutOff(raw))
      if (payload instanceof Readable) return Readable.from(watched(payload, ofReply))
      const bytes = typeof payload === 'string' && payload.length > piece ? Buffer.from(payload) : payload
      if (!Buffer.isBuffer(bytes) || bytes.length <= piece) {
        ofReply.offered()
        return payload
      }
      reply.header('content-length', bytes.length)
      return Readable.from(watched(pieces(bytes), ofReply))
    })
    server.addHook('onClose', async () => cuts.close())
  },
  { name: 'slow-readers' }
)
