import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'

/** OVH's API and its cold storage in little, on a real socket: signatures, clocks, rights, unsealing, links. */

export interface Archive {
  readonly id: string
  readonly filename: string
  readonly content: Uint8Array
  /** Seconds that it takes from the first request for it until it can be read; undefined: it is there. */
  readonly retrievalDelay?: number
  /** What the API answers to everything about it, though it lists it: 460 says that it has expired. */
  readonly refusal?: number
  /** What the API says in place of the truth. */
  readonly details?: { readonly [key: string]: unknown }
}

export interface Right {
  readonly method: string
  /** `*` stands for anything. */
  readonly path: string
}

export interface Ovh {
  /** Of the API, as ENDPOINT. */
  readonly endpoint: string
  /** By the names of the parameters. */
  readonly keys: {
    readonly APPLICATION_KEY: string
    readonly APPLICATION_SECRET: string
    readonly CONSUMER_KEY: string
  }
  /** What was asked and let in, as `GET /dbaas/logs`; of the storage `GET /storage bytes=5-`. */
  readonly asked: string[]
  /** Keys that were asked for, as they were asked for. */
  readonly requested: unknown[]
  /** What a test may change while it runs. */
  readonly state: {
    /** By service, then by stream. */
    readonly services: Record<string, Record<string, readonly Archive[]>>
    /** What the API answers to everything about a service, though it lists it. */
    readonly refusals: Map<string, number>
    rights: readonly Right[]
    /** Of the clock of the API, in seconds. */
    clockAhead: number
    expired: boolean
    /** What the API answers to everything, as long as it is there. */
    failures: { readonly status: number; readonly headers?: Readonly<Record<string, string>> }[]
    storage: {
      /** Bytes after which a connection breaks. */
      breakAfter: number
      heedsRanges: boolean
      /** Milliseconds between two pieces of 64 KiB; 0: all comes at once. */
      pause: number
      /** How often a link can be used. */
      usesPerLink: number
      /** What it does with the bytes on their way. */
      change: (bytes: Buffer) => Buffer
    }
  }
}

/** All that a token needs to read archives. */
export const allRights: readonly Right[] = [
  { method: 'GET', path: '/dbaas/logs' },
  { method: 'GET', path: '/dbaas/logs/*/output/graylog/stream' },
  { method: 'GET', path: '/dbaas/logs/*/output/graylog/stream/*/archive*' },
  { method: 'POST', path: '/dbaas/logs/*/output/graylog/stream/*/archive/*/url' }
]

/** Seconds that a signature may be off. */
const usualTolerance = 30

const sha = (algorithm: string, content: Uint8Array | string): string =>
  createHash(algorithm).update(content).digest('hex')

const matches = (pattern: string, path: string): boolean => {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(path)
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null

class Refusal extends Error {
  readonly status: number
  readonly body: unknown
  constructor(status: number, errorCode: string | undefined, message: string) {
    super(message)
    this.status = status
    this.body = { class: 'Client::Error', message, ...(errorCode === undefined ? {} : { errorCode }) }
  }
}

interface Sealed {
  readyAt: number | undefined
}

/** Milliseconds, by the clock that everything of it goes by. */
type Now = () => number

const inPieces = async (response: ServerResponse, bytes: Buffer, pause: number): Promise<void> => {
  for (let at = 0; at < bytes.length && !response.destroyed; at += 65_536) {
    response.write(bytes.subarray(at, at + 65_536))
    await setTimeout(pause)
  }
  response.end()
}

export const startOvh = async (
  t: Test,
  services: Record<string, Record<string, readonly Archive[]>>,
  { clock = Date.now, tolerance = usualTolerance }: { readonly clock?: Now; readonly tolerance?: number } = {}
): Promise<Ovh> => {
  const keys = { APPLICATION_KEY: 'ak-1', APPLICATION_SECRET: 'as-secret', CONSUMER_KEY: 'ck-secret' }
  const asked: string[] = []
  const requested: unknown[] = []
  const state: Ovh['state'] = {
    services,
    refusals: new Map(),
    rights: allRights,
    clockAhead: 0,
    expired: false,
    failures: [],
    storage: {
      breakAfter: Number.POSITIVE_INFINITY,
      heedsRanges: true,
      pause: 0,
      usesPerLink: Number.POSITIVE_INFINITY,
      change: (bytes) => bytes
    }
  }
  const links = new Map<string, { readonly archive: Archive; uses: number }>()
  const sealed = new Map<string, Sealed>()
  const sealOf = ({ id }: Archive): Sealed => {
    const seal = sealed.get(id) ?? { readyAt: undefined }
    sealed.set(id, seal)
    return seal
  }
  const now = (): number => Math.floor(clock() / 1000) + state.clockAhead

  const authorise = ({ method = '', headers }: IncomingMessage, url: string, path: string): void => {
    if (headers['x-ovh-application'] !== keys.APPLICATION_KEY) {
      throw new Refusal(403, 'INVALID_KEY', 'Invalid application key')
    }
    const consumer = headers['x-ovh-consumer']
    if (consumer === undefined) throw new Refusal(401, 'NOT_CREDENTIAL', 'You must login first')
    if (consumer !== keys.CONSUMER_KEY || state.expired) {
      throw new Refusal(403, 'INVALID_CREDENTIAL', 'This credential is not valid')
    }
    const time = Number(headers['x-ovh-timestamp'])
    if (!(Math.abs(time - now()) <= tolerance)) throw new Refusal(400, 'QUERY_TIME_OUT', 'Query out of time')
    const signed = [keys.APPLICATION_SECRET, consumer, method, url, '', time].join('+')
    if (headers['x-ovh-signature'] !== `$1$${sha('sha1', signed)}`) {
      throw new Refusal(400, 'INVALID_SIGNATURE', 'Invalid signature')
    }
    if (!state.rights.some((right) => right.method === method && matches(right.path, path))) {
      throw new Refusal(403, 'NOT_GRANTED_CALL', 'This call has not been granted')
    }
  }

  const describe = (archive: Archive): object => {
    const { readyAt } = sealOf(archive)
    const isOpen = archive.retrievalDelay === undefined || (readyAt !== undefined && readyAt <= clock())
    return {
      archiveId: archive.id,
      createdAt: '2026-06-18T04:38:59.436634+02:00',
      filename: archive.filename,
      md5: sha('md5', archive.content),
      retrievalDelay: archive.retrievalDelay ?? 0,
      retrievalState: isOpen ? 'unsealed' : readyAt === undefined ? 'sealed' : 'unsealing',
      sha256: sha('sha256', archive.content),
      size: archive.content.length,
      ...archive.details
    }
  }

  const answerApi = (method: string, path: string, origin: string): unknown => {
    if (path === '/dbaas/logs') return Object.keys(services)
    const [, service = '', stream, id, url] =
      /^\/dbaas\/logs\/([^/]+)\/output\/graylog\/stream(?:\/([^/]+)\/archive(?:\/([^/]+)(\/url)?)?)?$/.exec(path) ?? []
    const streams = services[service]
    const refusal = state.refusals.get(service)
    if (refusal !== undefined) throw new Refusal(refusal, undefined, `The service ${service} has expired`)
    if (streams === undefined) throw new Refusal(404, undefined, `The requested object (${service}) does not exist`)
    if (stream === undefined) return Object.keys(streams)
    const archives = streams[stream]
    if (archives === undefined) throw new Refusal(404, undefined, `The requested object (${stream}) does not exist`)
    if (id === undefined) return archives.map((archive) => archive.id)
    const archive = archives.find((each) => each.id === id)
    if (archive === undefined) throw new Refusal(404, undefined, `The requested object (${id}) does not exist`)
    if (archive.refusal !== undefined) throw new Refusal(archive.refusal, undefined, `The archive ${id} has expired`)
    if (url === undefined) return describe(archive)
    if (method !== 'POST') throw new Refusal(405, undefined, 'Method not allowed')
    const token = randomUUID()
    links.set(token, { archive, uses: 0 })
    return { url: `${origin}/storage/${token}`, expirationDate: '2026-06-19T04:38:59+02:00' }
  }

  const answerStorage = (request: IncomingMessage, response: ServerResponse, token: string): void => {
    if (Object.keys(request.headers).some((name) => name.startsWith('x-ovh'))) {
      response.writeHead(400).end('these keys are not for the storage')
      return
    }
    const { range } = request.headers
    asked.push(`GET /storage${range === undefined ? '' : ` ${range}`}`)
    const link = links.get(token)
    if (link === undefined || link.uses >= state.storage.usesPerLink) {
      response.writeHead(link === undefined ? 404 : 403).end()
      return
    }
    const { archive } = link
    if (archive.retrievalDelay !== undefined) {
      const seal = sealOf(archive)
      seal.readyAt ??= clock() + archive.retrievalDelay * 1000
      const left = seal.readyAt - clock()
      if (left > 0) {
        response.writeHead(429, { 'retry-after': String(Math.ceil(left / 1000)) }).end()
        return
      }
    }
    link.uses += 1
    const { breakAfter, heedsRanges, pause, change } = state.storage
    const from = heedsRanges ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0
    const whole = change(Buffer.from(archive.content))
    const rest = whole.subarray(from)
    response.writeHead(from > 0 ? 206 : 200, {
      'content-type': 'application/octet-stream',
      'content-length': rest.length,
      ...(from > 0 ? { 'content-range': `bytes ${from}-${whole.length - 1}/${whole.length}` } : {})
    })
    if (rest.length <= breakAfter && pause > 0) void inPieces(response, rest, pause)
    else if (rest.length <= breakAfter) response.end(rest)
    else response.write(rest.subarray(0, breakAfter), () => response.destroy())
  }

  const makeKey = async (request: IncomingMessage): Promise<object> => {
    if (request.headers['x-ovh-application'] !== keys.APPLICATION_KEY) {
      throw new Refusal(403, 'INVALID_KEY', 'Invalid application key')
    }
    requested.push(await json(request))
    asked.push('POST /auth/credential')
    return {
      consumerKey: keys.CONSUMER_KEY,
      state: 'pendingValidation',
      validationUrl: 'https://eu.api.ovh.com/auth/?credentialToken=token'
    }
  }

  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const origin = `http://${headers.host}`
    const token = /^\/storage\/(.+)$/.exec(url)?.[1]
    if (token !== undefined) {
      answerStorage(request, response, token)
      return
    }
    const failure = state.failures.shift()
    if (failure !== undefined) {
      response.writeHead(failure.status, failure.headers ?? {}).end()
      return
    }
    const send = (status: number, body: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const path = url.replace(/^\/1\.0/, '')
    try {
      if (path === '/auth/time') {
        asked.push('GET /auth/time')
        send(200, now())
        return
      }
      if (method === 'POST' && path === '/auth/credential') {
        send(200, await makeKey(request))
        return
      }
      authorise(request, `${origin}${url}`, path)
      asked.push(`${method} ${path}`)
      send(200, answerApi(method, path, origin))
    } catch (error) {
      if (error instanceof Refusal && isObject(error.body)) send(error.status, error.body)
      else send(500, { message: String(error) })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // Of a server that listens on a port.
  const { port } = server.address() as AddressInfo
  return { endpoint: `http://127.0.0.1:${port}/1.0`, keys, asked, requested, state }
}
