import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { request as requestSecure } from 'node:https'
import { setTimeout as wait } from 'node:timers/promises'
import type { RegistrySettings } from '../../contracts/registry.ts'
import { codeOf, messageOf, RalphError } from '../../errors.ts'
import { addressOf, endpointOf } from '../endpoint.ts'

const defaultPort = 8500
/** Milliseconds between two attempts to connect. */
const pause = 100

/** What Consul says with a status that its caller decides upon. */
export interface ConsulAnswer {
  readonly status: number
  /** The state of what was read; never 0, which would make a blocking query answer at once. */
  readonly index: number
  readonly body: Buffer
}

export interface ConsulRequest {
  readonly body?: string | Uint8Array
  /** Milliseconds that a blocking query may take besides the time for an answer. */
  readonly longer?: number
  readonly signal?: AbortSignal
  /** Statuses that are answers, besides 200. */
  readonly expected?: readonly number[]
}

export interface ConsulRequests {
  /** As the messages name it: `consul at 127.0.0.1:8500`. */
  readonly place: string
  /** `REGISTRY_UNREACHABLE`, `UNAUTHENTICATED`, `FORBIDDEN`, `INVALID_PARAMETER` */
  ask(method: 'GET' | 'PUT' | 'DELETE', path: string, options?: ConsulRequest): Promise<ConsulAnswer>
}

/** A token of Consul's ACL, or a user of a proxy before it, as `CONSUL_HTTP_AUTH` has it. */
const credentialsOf = ({ username, password }: RegistrySettings): Readonly<Record<string, string>> => {
  if (password === undefined) return {}
  if (username === undefined) return { 'X-Consul-Token': password }
  return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

const refusalOf = (status: number, text: string, place: string): RalphError => {
  const says = `${place} says: ${text.trim() === '' ? status : text.trim()}`
  if (status === 401 || /ACL not found/.test(text)) return new RalphError('UNAUTHENTICATED', says)
  if (status === 403) return new RalphError('FORBIDDEN', says)
  if (status === 429 || status >= 500) return new RalphError('REGISTRY_UNREACHABLE', says)
  return new RalphError('INVALID_PARAMETER', says)
}

/** Resolves when the server is connected to: until then it has got nothing of the request. */
const connected = (sent: ClientRequest): Promise<void> =>
  new Promise((resolve, reject) => {
    sent.once('error', reject)
    sent.once('socket', (socket) => {
      socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => resolve())
    })
  })

const answered = (sent: ClientRequest): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    sent.once('response', resolve)
    sent.once('error', reject)
  })

const bodyOf = async (answer: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

/** Requests to one agent of Consul. Each has a connection of its own, so none meets one that a restart has broken. */
export const createConsulRequests = (settings: RegistrySettings): ConsulRequests => {
  const { certificate, timeout, requestTimeout } = settings
  const endpoint = endpointOf(settings.endpoints[0] ?? '', defaultPort, certificate !== undefined)
  const place = `consul at ${addressOf(endpoint)}`
  const send = endpoint.tls ? requestSecure : request
  const common = {
    host: endpoint.host.replace(/^\[|\]$/g, ''),
    port: endpoint.port,
    agent: false,
    ...(certificate === undefined ? {} : { ca: certificate })
  } as const
  const headers = credentialsOf(settings)
  /** Tries until a server takes the connection: one that is just starting is waited for. */
  const reached = async (begin: () => ClientRequest): Promise<ClientRequest> => {
    const end = performance.now() + timeout
    for (;;) {
      const sent = begin()
      const late = setTimeout(() => sent.destroy(new Error('no connection')), Math.max(0, end - performance.now()))
      try {
        await connected(sent)
        return sent
      } catch (cause) {
        if (codeOf(cause) === 'ABORT_ERR') throw cause
        if (performance.now() + pause >= end)
          throw new RalphError(
            'REGISTRY_UNREACHABLE',
            `${place} was not reached within ${timeout} ms: ${messageOf(cause)}`,
            { setting: 'RALPH_REGISTRY__TIMEOUT' },
            { cause }
          )
        await wait(pause)
      } finally {
        clearTimeout(late)
      }
    }
  }
  const ask: ConsulRequests['ask'] = async (method, path, { body, longer = 0, signal, expected = [] } = {}) => {
    const length = body === undefined ? 0 : Buffer.byteLength(body)
    const sent = await reached(() => {
      const options = { ...common, method, path, headers: { ...headers, 'Content-Length': length }, signal }
      // Without a body until it is connected: a request that is sent in part could be carried out in part.
      return send(options)
    })
    const late = setTimeout(() => sent.destroy(new Error('it does not answer')), requestTimeout + longer)
    try {
      const coming = answered(sent)
      sent.end(body)
      const answer = await coming
      const said = await bodyOf(answer)
      const status = answer.statusCode ?? 0
      if (status !== 200 && !expected.includes(status)) throw refusalOf(status, said.toString(), place)
      const index = Number(answer.headers['x-consul-index'] ?? 1)
      return { status, index: Math.max(1, Number.isSafeInteger(index) ? index : 1), body: said }
    } catch (cause) {
      if (cause instanceof RalphError || codeOf(cause) === 'ABORT_ERR') throw cause
      throw new RalphError('REGISTRY_UNREACHABLE', `${place} is unreachable: ${messageOf(cause)}`, {}, { cause })
    } finally {
      clearTimeout(late)
    }
  }
  return { place, ask }
}
