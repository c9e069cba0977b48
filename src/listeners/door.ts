import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { Clock } from '../contracts/clock.ts'
import type { Log } from '../contracts/log.ts'
import { messageOf, RalphError } from '../errors.ts'
import type { RunningPipeline } from './pipeline.ts'
import { matchRoute, type Route, routeOf } from './routes.ts'
import { isBlock } from './values.ts'

export interface ListenerDoorAddress {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

/** What the process tells over HTTP, as sqAPI does. It asks nobody for a password. */
export interface ListenerDoor {
  /** `INVALID_SETTING`: two handlers with routes have one name. */
  add(pipeline: RunningPipeline): void
  close(): Promise<void>
}

export interface ListenerDoorOptions {
  /** How many there will be. */
  readonly pipelines: number
  readonly clock: Clock
  readonly log: Log
}

/** Bytes of the body of a request. */
const largestBody = 2 ** 20

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** JSON, a text, or undefined: nothing. */
  readonly body?: unknown
}

const isAnswer = (value: unknown): value is Answer =>
  isBlock(value) && typeof value.status === 'number' && value.status >= 200 && value.status <= 599

const bodyOf = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > largestBody) throw new RalphError('BODY_TOO_LARGE', `a body may have ${largestBody} bytes`)
    chunks.push(chunk)
  }
  if (size === 0) return undefined
  const text = Buffer.concat(chunks).toString()
  if (!/json/i.test(request.headers['content-type'] ?? '')) return text
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new RalphError('INVALID_JSON', `the body is not valid JSON: ${messageOf(error)}`)
  }
}

/** As sqAPI has it: a reference by which the log is found. */
const refusal = (status: number, error: string, details: string, reference: string = randomUUID()): Answer => ({
  status,
  body: { error, reference, details }
})

const send = (response: ServerResponse, { status, headers = {}, body }: Answer): void => {
  const isText = typeof body === 'string'
  response.writeHead(body === undefined || body === null ? (status === 200 ? 204 : status) : status, {
    ...(body === undefined || body === null
      ? {}
      : { 'content-type': isText ? 'text/plain; charset=utf-8' : 'application/json; charset=utf-8' }),
    'x-content-type-options': 'nosniff',
    ...headers
  })
  if (body === undefined || body === null) response.end()
  else response.end(isText ? body : JSON.stringify(body))
}

const routesOf = ({ handlers }: RunningPipeline): readonly Route[] =>
  handlers.flatMap((handler) => (handler.routes ?? []).map((text) => routeOf(handler, text)))

/** What the handler that has the route says. */
const byHandler = async (
  running: readonly RunningPipeline[],
  request: IncomingMessage,
  url: URL,
  log: Log
): Promise<Answer> => {
  const found = matchRoute(running.flatMap(routesOf), request.method ?? 'GET', url.pathname)
  if (found === undefined) return refusal(404, 'Not found', `no handler has ${request.method} ${url.pathname}`)
  const { route, path, parameters } = found
  const { method, text, handler, shown } = route
  const query = Object.fromEntries(url.searchParams)
  const headers = Object.fromEntries(Object.entries(request.headers).map(([name, each]) => [name, String(each)]))
  const body = await bodyOf(request)
  try {
    const value = await handler.answer?.({ route: text, method, path, parameters, query, headers, body })
    return isAnswer(value) ? value : { status: 200, body: value }
  } catch (error) {
    const reference = randomUUID()
    log.warn(`${shown} failed (${reference}): ${messageOf(error)}`)
    return refusal(500, 'Internal error', messageOf(error), reference)
  }
}

/** What may be asked by GET, by its path. */
const createTold = (running: readonly RunningPipeline[], { pipelines, clock }: ListenerDoorOptions) => {
  const started = clock()

  const plugins = () =>
    running.flatMap(({ name: pipeline, handlers }) =>
      handlers.map((handler) => ({
        name: handler.name,
        ...(pipeline === '' ? {} : { pipeline }),
        status: handler.failure === undefined ? 'active' : 'failed',
        ...(handler.failure === undefined ? {} : { error: handler.failure }),
        supported_mime: handler.supportedMime,
        endpoints: (handler.routes ?? []).map((text) => routeOf(handler, text).shown)
      }))
    )

  const rules = () => [
    ...['plugins', 'rules', 'health'].map((name) => ({
      function: name,
      endpoint: `/${name}`,
      arguments: [],
      methods: ['GET']
    })),
    ...running.flatMap(routesOf).map(({ handler, method, path, parameters }) => ({
      function: handler.name,
      endpoint: path,
      arguments: parameters,
      methods: [method]
    }))
  ]

  const health = (): Answer => {
    const isUp = running.length === pipelines
    const seconds = (clock() - started) / 1_000_000
    const messages = running.map(({ name, counts }) => ({ pipeline: name, ...Object.fromEntries(counts) }))
    const named = (wanted: string) => plugins().flatMap(({ name, status }) => (status === wanted ? [name] : []))
    const failed = named('failed')
    const body = {
      status: isUp ? 'up' : 'starting',
      plugins: { active: named('active'), ...(failed.length === 0 ? {} : { failed }) },
      started: new Date(started / 1000).toISOString(),
      uptime: Math.round(seconds),
      messages
    }
    return { status: isUp ? 200 : 503, body }
  }

  return {
    '/plugins': () => ({ status: 200, body: plugins() }),
    '/rules': () => ({ status: 200, body: rules() }),
    '/health': health
  } as Readonly<Record<string, () => Answer>>
}

/** Opens it. `INVALID_SETTING` when the port is taken. */
export const openDoor = async (address: ListenerDoorAddress, options: ListenerDoorOptions): Promise<ListenerDoor> => {
  const { log } = options
  const running: RunningPipeline[] = []
  const told = createTold(running, options)

  const answer = async (request: IncomingMessage): Promise<Answer> => {
    const url = new URL(request.url ?? '/', 'http://door')
    if (url.pathname.startsWith('/h/')) return byHandler(running, request, url, log)
    const tell = told[url.pathname]
    if (tell === undefined) return refusal(404, 'Not found', 'there are /plugins, /rules, /health and /h/NAME')
    if (request.method === 'GET' || request.method === 'HEAD') return tell()
    return { ...refusal(405, 'Method not allowed', `${url.pathname} takes GET`), headers: { allow: 'GET, HEAD' } }
  }

  const server = createServer({ requestTimeout: 30_000 }, (request, response) => {
    answer(request)
      .catch((error: unknown) => {
        const isLarge = error instanceof RalphError && error.code === 'BODY_TOO_LARGE'
        return refusal(isLarge ? 413 : 400, 'Bad request', messageOf(error))
      })
      .then((told) => send(response, told))
      .catch((error: unknown) => {
        log.warn(messageOf(error))
        response.destroy()
      })
  })
  server.listen(address.port, address.host)
  await once(server, 'listening').catch((error: unknown) => {
    throw new RalphError('INVALID_SETTING', `RALPH_LISTEN_PORT: ${messageOf(error)}`)
  })
  const bound = server.address()
  const port = typeof bound === 'object' && bound !== null ? bound.port : address.port
  log.info(`/plugins, /rules and /health at http://${address.host}:${port}`)

  return {
    add: (pipeline) => {
      const names = [...running, pipeline].flatMap(({ handlers }) =>
        handlers.filter(({ routes = [] }) => routes.length > 0).map(({ name }) => name)
      )
      const twice = names.find((name, index) => names.indexOf(name) !== index)
      if (twice !== undefined) {
        throw new RalphError(
          'INVALID_SETTING',
          `two handlers with routes are called ${twice}: /h/${twice} cannot be both`
        )
      }
      routesOf(pipeline)
      running.push(pipeline)
    },
    close: async () => {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    }
  }
}
