import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Test } from 'tap'

/** A request as it arrived. */
export interface Received {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Reply {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** Anything but a text and bytes becomes JSON. */
  readonly body?: unknown
  /** The connection breaks instead of an answer. */
  readonly hangUp?: true
}

export interface AnsweringServer {
  /** Without a slash at its end. */
  readonly url: string
  readonly received: readonly Received[]
}

const bodyOf = (body: unknown): string | Uint8Array =>
  typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)

const reply = (response: ServerResponse, { status = 200, headers = {}, body = '', hangUp }: Reply): void => {
  if (hangUp) response.destroy()
  else response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(bodyOf(body))
}

/** A server on a real socket that answers as the test says; it keeps what it was asked. */
export const startAnswering = async (
  t: Test,
  answer: (received: Received, count: number) => Reply | Promise<Reply>
): Promise<AnsweringServer> => {
  const received: Received[] = []
  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request
    const one = { method, url, headers, body: await text(request) }
    received.push(one)
    reply(response, await answer(one, received.length))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // Of a server that listens on a port.
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, received }
}

/** A port that nobody listens on. */
export const aFreePort = async (): Promise<number> => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // As above.
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
