import { once } from 'node:events'
import { Agent, type IncomingMessage, request as requestPlain } from 'node:http'
import { request as requestSecure, Agent as SecureAgent } from 'node:https'

/*
 * Not fetch: it decodes objects that were stored with a Content-Encoding, and takes `..` out of their names. And only
 * here can an upload wait for `100 Continue`, so that a refusal comes before the bytes are gone.
 */

/** Bytes that can be read only once. */
export interface StreamedBody {
  /** Undefined: the object is complete. An error that it throws ends the request. */
  next(): Promise<Uint8Array | undefined>
}

export interface HttpRequest {
  readonly method: string
  /** Scheme, host and port. */
  readonly origin: string
  /** The encoded path, with the query. */
  readonly path: string
  readonly headers: { readonly [name: string]: string }
  readonly body?: Uint8Array | StreamedBody | undefined
  readonly signal: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: IncomingMessage
}

export interface HttpClient {
  /** Rejects when there is no answer. It resolves with any answer. */
  send(request: HttpRequest): Promise<HttpAnswer>
  close(): void
}

/** Some peers do not answer `Expect`. After this time the bytes are sent without the answer. */
const continuePatience = 2000

const isStreamed = (body: HttpRequest['body']): body is StreamedBody => body !== undefined && 'next' in body

/**
 * @param timeout milliseconds: a peer that is silent for so long is dead; waiting for the caller does not count @param insecure true: any
 * certificate is accepted
 */
export const createHttpClient = (timeout: number, insecure = false): HttpClient => {
  const plain = new Agent({ keepAlive: true })
  const secure = new SecureAgent({ keepAlive: true })

  const send = async ({ method, origin, path, headers, body, signal }: HttpRequest): Promise<HttpAnswer> => {
    const { protocol, hostname, port } = new URL(origin)
    const isSecure = protocol === 'https:'
    const streamed = isStreamed(body)
    // These requests use separate connections. Bytes that can be read only once must not go into a connection that is being closed. A
    // server that refuses them unread takes them for the next request. And the answers of Swift to HEAD may have extra bytes at the end.
    const agent = body !== undefined || method === 'HEAD' ? false : isSecure ? secure : plain
    const length = streamed
      ? { 'transfer-encoding': 'chunked', expect: '100-continue' }
      : body === undefined && method !== 'PUT' && method !== 'POST'
        ? {}
        : { 'content-length': String(body?.length ?? 0) }
    const request = (isSecure ? requestSecure : requestPlain)({
      method,
      // Without the brackets of an IPv6 address.
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port,
      path,
      agent,
      ...(insecure ? { rejectUnauthorized: false } : {}),
      headers: { ...headers, ...length },
      ...(signal === undefined ? {} : { signal })
    })

    // A problem after the start of the answer shows in the answer.
    request.on('error', () => {})

    let waitsForSource = false
    request.setTimeout(timeout, () => {
      if (waitsForSource) return
      request.destroy(
        Object.assign(new Error(`no word for ${timeout / 1000} seconds: look whether it hangs, or raise TIMEOUT`), {
          code: 'ETIMEDOUT'
        })
      )
    })
    const answered = once(request, 'response')
    let isAnswered = false
    answered.then(
      () => {
        isAnswered = true
      },
      () => {
        isAnswered = true
      }
    )

    const pump = async (source: StreamedBody): Promise<void> => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, continuePatience).unref())
      request.flushHeaders()
      await Promise.race([once(request, 'continue'), late, answered])
      while (!isAnswered) {
        waitsForSource = true
        const chunk = await source.next()
        waitsForSource = false
        if (isAnswered) return
        if (chunk === undefined) {
          request.end()
          return
        }
        if (!request.write(chunk)) await Promise.race([once(request, 'drain'), answered])
      }
    }

    if (streamed) {
      pump(body).catch((error: unknown) => {
        request.destroy(error instanceof Error ? error : new Error(String(error)))
      })
    } else request.end(body)
    try {
      // The arguments of 'response'.
      const [message] = (await answered) as [IncomingMessage]
      // A server that answers before it has all bytes needs no more.
      if (streamed && !request.writableEnded) message.once('close', () => request.destroy())
      return { status: message.statusCode ?? 0, headers: message.headers, body: message }
    } catch (error) {
      signal?.throwIfAborted()
      throw error
    }
  }

  return {
    send,
    close: () => {
      plain.destroy()
      secure.destroy()
    }
  }
}

/** The whole of a small answer, or the beginning of a large one. */
export const textOf = async ({ body }: HttpAnswer): Promise<string> => {
  const chunks: Buffer[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
