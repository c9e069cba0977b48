import { readFileSync } from 'node:fs'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { Client } from '@elastic/elasticsearch'
import { RalphError } from '../../errors.ts'
import { defaultTimeout } from '../../network/time-limit.ts'
import { type Answers, createAnswers } from '../../storage/answered-within.ts'
import { storeClosed } from '../../storage/closed.ts'
import { asStoreError, isBusy, isBusyError, type Refusal, refusalOf, translateError } from './errors.ts'
import type { EsOptions } from './names.ts'

/** The shortest time limit for creating an index, in milliseconds. */
const prepareLimit = 60_000

/** Waits in milliseconds before a request is repeated that Elasticsearch had no room for and did not begin. */
const pauses = [20, 80, 300]

/**
 * The longest time, in milliseconds, after which Elasticsearch itself says that it cannot write. Its answer leaves no doubt about the
 * write.
 */
const longestDoubt = 5000

export interface EsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD'
  /** The parts of the path, which are joined by slashes. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string | number | boolean>>
  /** An object is sent as JSON. */
  readonly body?: object | string
  /** Lines of JSON, each with its line feed. */
  readonly lines?: string | Buffer
  readonly kind: 'read' | 'write' | 'prepare'
  /** Statuses that count as answers too. */
  readonly expect?: readonly number[]
  readonly signal?: AbortSignal | undefined
}

export interface EsAnswer {
  readonly status: number
  readonly body: unknown
}

export interface EsBytes {
  readonly status: number
  readonly bytes: Buffer
}

/** Sends requests to Elasticsearch. Throws `STORE_UNAVAILABLE` and `STORE_FULL`. Any other error is a defect. */
export interface Connection {
  /** The address for messages to operators, without credentials. */
  readonly address: string
  /** The value for the parameter `timeout` of Elasticsearch: after this time it says itself that it cannot write. */
  readonly answerTime: string
  readonly answers: Answers
  ask(request: EsRequest): Promise<EsAnswer>
  /** The bytes of the answer, for texts that must stay unchanged. */
  bytes(request: EsRequest): Promise<Buffer>
  /** Like `bytes`, but for any status. It throws only if Elasticsearch has too much to do. */
  answer(request: EsRequest): Promise<EsBytes>
  close(): Promise<void>
}

const readCertificates = (path: string): Buffer => {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new RalphError('INVALID_SETTING', `CLIENT_OPTIONS__ca_certs: ${path} cannot be read`, { path }, { cause })
  }
}

const tlsOf = ({ caCerts, verifyCerts = true }: EsOptions) => ({
  ...(caCerts === undefined ? {} : { ca: readCertificates(caCerts) }),
  rejectUnauthorized: verifyCerts
})

const read = async (stream: Readable): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
}

const withoutCredentials = (host: string): string => {
  const url = new URL(host)
  return `${url.protocol}//${url.host}`
}

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return bytes.toString()
  }
}

const hasError = (body: unknown): body is { readonly error: unknown } =>
  typeof body === 'object' && body !== null && 'error' in body

/** The reason that Elasticsearch gives for a request that it did not carry out. */
export const refusalIn = (status: number, bytes: Buffer): Refusal => {
  const body = parse(bytes)
  return refusalOf(status, hasError(body) ? body.error : body)
}

export const connect = (options: EsOptions): Connection => {
  const { timeout = defaultTimeout } = options
  const client = new Client({
    nodes: [...options.hosts],
    maxRetries: 0,
    // A client that has waited this long gets an error and need not wait again. The driver does not repeat a request that reached this
    // limit.
    requestTimeout: timeout,
    ...(options.hosts.some((host) => host.startsWith('https:')) ? { tls: tlsOf(options) } : {}),
    // Nothing is merged into objects that are read.
    disablePrototypePoisoningProtection: true
  })
  const answers = createAnswers('Elasticsearch', timeout)
  let isClosed = false

  const paramsOf = ({ method, path, query, body, lines }: EsRequest) => ({
    method,
    path: `/${path.map(encodeURIComponent).join('/')}`,
    ...(query === undefined ? {} : { querystring: { ...query } }),
    ...(body === undefined ? {} : { body }),
    ...(lines === undefined ? {} : { bulkBody: lines })
  })

  const limits = { read: timeout, write: timeout, prepare: Math.max(timeout, prepareLimit) }
  /** Another node may answer, or the same node on another connection. A request that only reads can be sent twice. */
  const retries = Math.max(options.hosts.length - 1, 1)

  const optionsOf = ({ kind, signal, expect = [] }: EsRequest) => ({
    requestTimeout: limits[kind],
    maxRetries: kind === 'read' ? retries : 0,
    retryBackoff: () => 0.02,
    ignore: [...expect],
    ...(signal === undefined ? {} : { signal })
  })

  /** Elasticsearch may need minutes to make an index on a busy machine. */
  const send = <Result>({ kind }: EsRequest, work: () => Promise<Result>): Promise<Result> =>
    kind === 'prepare' ? answers.patiently(work) : work()

  const attempt = async <Result>(request: EsRequest, work: () => Promise<Result>): Promise<Result> => {
    const { signal } = request
    for (const pause of [...pauses, undefined]) {
      if (isClosed) throw storeClosed()
      signal?.throwIfAborted()
      try {
        const result = await send(request, work)
        answers.heard()
        return result
      } catch (error) {
        const translated = isClosed ? storeClosed() : translateError(error, signal)
        if (pause === undefined || !isBusyError(translated)) throw translated
        answers.heard()
        await setTimeout(pause)
      }
    }
    throw storeClosed()
  }

  const receive = async (request: EsRequest): Promise<EsBytes> => {
    const answer = await client.transport.request<Readable>(paramsOf(request), {
      ...optionsOf(request),
      asStream: true,
      meta: true
    })
    return { status: answer.statusCode, bytes: await readBody(answer.body) }
  }

  return {
    address: options.hosts.map(withoutCredentials).join(', '),
    answers,
    answerTime: `${Math.floor(Math.min(timeout * 0.6, longestDoubt))}ms`,
    ask: (request) =>
      attempt(request, async () => {
        const { statusCode, body } = await client.transport.request(paramsOf(request), {
          ...optionsOf(request),
          meta: true
        })
        return { status: statusCode, body }
      }),
    bytes: (request) =>
      attempt(request, async () => {
        const { status, bytes } = await receive(request)
        if (status < 400) return bytes
        const refusal = refusalIn(status, bytes)
        throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.type} ${refusal.reason}`)
      }),
    answer: (request) =>
      attempt(request, async () => {
        const answer = await receive(request)
        if (answer.status !== 429) return answer
        const refusal = refusalIn(answer.status, answer.bytes)
        if (isBusy(refusal)) throw asStoreError(refusal)
        return answer
      }),
    close: async () => {
      isClosed = true
      await client.close()
    }
  }
}

/** The driver does not report a connection that is lost during an answer. */
const readBody = async (stream: Readable): Promise<Buffer> => {
  try {
    return await read(stream)
  } catch (cause) {
    throw new RalphError('STORE_UNAVAILABLE', 'the connection to Elasticsearch was lost', { retryAfter: 1 }, { cause })
  }
}
