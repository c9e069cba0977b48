import { isIP } from 'node:net'
import { type FastifyBaseLogger, type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import type { ServerSettings } from '../../settings/settings.ts'
import { createTally, listCounts, type Tally, totalOf } from '../../telemetry/tally.ts'

/** The most requests of one second that get a line each. People do not read more, and writing more would cost speed. */
const mostInSecond = 20

/** The most characters of a path in the log. Our paths are shorter; clients choose the others. */
const longestPath = 256

/** Behind a trusted proxy the address comes from a header and may be any text. */
const addressOf = (ip: string | undefined): string => (ip !== undefined && isIP(ip) !== 0 ? ip : 'unknown')

/** Monitoring asks these paths again and again. */
const isProbe = (url: string): boolean => /^\/__(?:lb)?heartbeat__\/?$/.test(url)

const recordOf = (error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): object => ({
  ...(error instanceof Error ? { err: error } : {}),
  reqId: request.id,
  method: request.method,
  // Parameters may contain personal data.
  path: request.url.split('?', 1)[0]?.slice(0, longestPath),
  status: reply.statusCode,
  user: request.principal?.username,
  remote: addressOf(request.ip),
  ms: Math.round(reply.elapsedTime * 1000) / 1000
})

/**
 * Logs requests after they are answered: one line each, or lines for some and a count of the others, as RALPH_RUNSERVER_ACCESS_LOG says. At
 * level debug each request gets a line. Faults of the server itself are logged by `errors.ts`.
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

  /** Logs the counts that were not logged yet. */
  close(): void {
    this.#tally.close()
  }
}
