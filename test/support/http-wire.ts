import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

export interface SeenRequest {
  readonly method: string
  /** With its query, as it was sent. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

/** What becomes of a request. */
export type HttpFate =
  | 'passes'
  /** It never arrives. */
  | 'is lost'
  /** It is done, and nothing is heard of it. */
  | 'is not answered'
  /** The connection breaks after so many bytes of the content. */
  | { readonly cutAfter: number }
  /** The server says this instead. */
  | { readonly status: number; readonly body?: string }

export interface HttpWire {
  /** Scheme, host and port: what a client is given instead of the server's. */
  readonly origin: string
  readonly requests: SeenRequest[]
  fate: (request: SeenRequest) => HttpFate | Promise<HttpFate>
}

/** A wire to a server of HTTP, which may be cut; what goes over it is written down. It is gone when `t` ends. */
export const anHttpWire = async (t: Test, server: string): Promise<HttpWire> => {
  const { hostname, port } = new URL(server)

  const pass = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = incoming
    const seen = { method, path, headers }
    wire.requests.push(seen)
    const fate = await wire.fate(seen)
    if (fate === 'is lost') {
      outgoing.destroy()
      return
    }
    if (typeof fate === 'object' && 'status' in fate) {
      incoming.resume()
      await once(incoming, 'end')
      outgoing.writeHead(fate.status).end(fate.body)
      return
    }
    const onward = request({ hostname, port, method, path, headers, agent: false })
    // What goes wrong when the answer is there, as an end that is too much, is for the client to bear.
    onward.on('error', () => {})
    onward.on('continue', () => outgoing.writeContinue())
    onward.flushHeaders()
    // Who gives up gives up the whole way.
    incoming.once('close', () => incoming.complete || onward.destroy())
    incoming.pipe(onward)
    const [answer]: IncomingMessage[] = await once(onward, 'response')
    if (answer === undefined) return
    if (fate === 'is not answered') {
      answer.resume()
      await once(answer, 'end')
      outgoing.destroy()
      return
    }
    outgoing.writeHead(answer.statusCode ?? 0, answer.rawHeaders)
    if (typeof fate !== 'object') {
      answer.pipe(outgoing)
      return
    }
    let left = fate.cutAfter
    for await (const chunk of answer) {
      outgoing.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left <= 0) break
    }
    // What was written is to arrive before the end of it.
    outgoing.socket?.destroySoon()
  }

  const listener = createServer((incoming, outgoing) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy())
  })
  // Whether the content may come is for the server to say.
  listener.on('checkContinue', (incoming: IncomingMessage, outgoing: ServerResponse) => {
    pass(incoming, outgoing).catch(() => outgoing.destroy())
  })
  listener.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  t.teardown(() => {
    listener.closeAllConnections()
    listener.close()
  })
  // A server that listens on TCP has such an address.
  const address = listener.address() as AddressInfo
  const wire: HttpWire = { origin: `http://127.0.0.1:${address.port}`, requests: [], fate: () => 'passes' }
  return wire
}
