import { isIP } from 'node:net'
import { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { ServerSettings } from '../../settings/settings.ts'
import { createTally, listCounts, type Tally, totalOf } from '../../telemetry/tally.ts'

/** Requests of a second that are a line each; whoever looks reads no more, and writing more would cost speed. */
const mostInSecond = 20

/** Characters of a path that are logged: ours are shorter, and clients choose the others. */
const longestPath = 256

/** Where proxies are trusted, the address is a header's, and may be any text. */
const addressOf = (ip: string | undefined): string => (ip !== undefined && isIP(ip) !== 0 ? ip : 'unknown')

/** Whatever looks after the server asks these again and again. */
const isProbe = (url: string): boolean => /^\/__(?:lb)?heartbeat__\/?$/.test(url)

const recordOf = (error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): object => ({
  ...(error instanceof Error ? { err: error } : {}),
  reqId: request.id,
  method: request.method,
  // Parameters may name a person.
  path: request.url.split('?', 1)[0]?.slice(0, longestPath),
  status: reply.statusCode,
  user: request.principal?.username,
  remote: addressOf(request.ip),
  ms: Math.round(reply.elapsedTime * 1000) / 1000
})

/**
 * The requests, once they are answered: a line each, or a line for some and a count of the others, by
 * RALPH_RUNSERVER_ACCESS_LOG. At level debug it is a line each, always. Failures of the server itself are logged where
 * they are answered (`errors.ts`).
 */
export class RequestLog extends LogController {
  readonly #logger: FastifyBaseLogger
  readonly #choice: ServerSettings['accessLog']
  readonly #tally: Tally

  constructor(logger: FastifyBaseLogger, choice: ServerSettings['accessLog']) {
    super()
    this.#logger = logger
    this.#choice = logger.level === 'debug' ? 'all' : choice
    this.#tally = createTally({
      most: mostInSecond,
      window: 1000,
      summarise: (counts) => {
        const count = totalOf(counts)
        logger.info({ event: 'answered', count }, `${count} more requests answered: ${listCounts(counts, 'with')}`)
      }
    })
  }

  override incomingRequest(): void {}

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (this.#choice === 'none') return
    const say = (): void => this.#logger.info(recordOf(error, request, reply), 'answered')
    if (this.#choice === 'all') say()
    else if (reply.statusCode !== 200 || !isProbe(request.url)) this.#tally.note(String(reply.statusCode), say)
  }

  /** Says what was counted and not said yet. */
  close(): void {
    this.#tally.close()
  }
}
