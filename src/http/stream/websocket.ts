import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type WebSocket, WebSocketServer } from 'ws'
import type { StreamedPage } from '../../lrs/query-statements/stream.ts'

/** In a browser a page cannot set headers of a WebSocket. It names this protocol and then its token: `['ralph.bearer', token]`. */
const bearerProtocol = 'ralph.bearer'

/** Bytes. What a client sends is read, and means nothing. */
const longestMessage = 1024

/** Milliseconds in which a client answers that the server closes its stream. */
const farewell = 1000

interface Upgrade {
  readonly socket: Duplex
  readonly head: Buffer
}

/** Requests for a WebSocket go the way of all requests, so that they are authenticated, limited and refused as these. */
export interface WebSockets {
  isAsked(request: FastifyRequest): boolean
  /** The credentials of a page, as the header Authorization. Undefined: it has sent none. */
  authorizationOf(request: FastifyRequest): string | undefined
  open(request: FastifyRequest): Promise<WebSocket>
}

/** Whether Node asks before it takes an upgrade away from HTTP. Node before 24.9 does not, and a request for h2c would be lost. */
const canChoose = (server: FastifyInstance): boolean => 'shouldUpgradeCallback' in server.server

export const acceptWebSockets = (server: FastifyInstance): WebSockets => {
  const upgrades = new WeakMap<IncomingMessage, Upgrade>()
  const accepting = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: longestMessage,
    handleProtocols: (protocols) => (protocols.has(bearerProtocol) ? bearerProtocol : false)
  })
  if (canChoose(server)) {
    server.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy())
      upgrades.set(request, { socket, head })
      const response = new ServerResponse(request)
      // An upgrade arrives on a connection of the server, which is a socket.
      response.assignSocket(socket as Socket)
      response.shouldKeepAlive = false
      response.once('finish', () => socket.end())
      // Whoever counts requests and connections sees this one, too.
      server.server.emit('request', request, response)
    })
  }
  return {
    isAsked: ({ raw }) => upgrades.has(raw),
    authorizationOf: ({ headers }) => {
      const [protocol, token] = (headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim())
      return protocol === bearerProtocol && token !== undefined ? `Bearer ${token}` : undefined
    },
    open: ({ raw }) =>
      new Promise((resolve, reject) => {
        const upgrade = upgrades.get(raw)
        if (upgrade === undefined) return reject(new Error('the request did not ask for a WebSocket'))
        upgrades.delete(raw)
        upgrade.socket.once('close', () => reject(new Error('the client has gone')))
        accepting.handleUpgrade(raw, upgrade.socket, upgrade.head, resolve)
      })
  }
}

export interface SocketStream {
  readonly pages: AsyncIterable<StreamedPage>
  /** Where another stream continues that misses nothing. */
  readonly begin: string
  /** Each message has the statement and the position after it. Otherwise a message is a statement, as it is stored. */
  readonly withPositions: boolean
  /** Milliseconds between two signs of life. */
  readonly heartbeat: number
  /** Milliseconds in which a client must take a message. */
  readonly patience: number
  /** Called when a client is cut off because it does not take what it gets. */
  readonly onCut: () => void
}

const keepAlive = (socket: WebSocket, heartbeat: number): (() => void) => {
  let isAlive = true
  socket.on('pong', () => {
    isAlive = true
  })
  const timer = setInterval(() => {
    if (!isAlive) return socket.terminate()
    isAlive = false
    socket.ping()
  }, heartbeat).unref()
  return () => clearInterval(timer)
}

/** A text goes out after the one before it was taken, so a client that does not read holds one page, not more. */
const sendTo = (socket: WebSocket, text: string, { patience, onCut }: SocketStream): Promise<void> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      onCut()
      socket.terminate()
    }, patience).unref()
    socket.send(text, (error) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve()
    })
  })

/** Sends what is streamed until the stream or the client ends. Failures of the connection end it without an error. */
export const sendOver = async (socket: WebSocket, stream: SocketStream): Promise<void> => {
  socket.on('error', () => socket.terminate())
  const stop = keepAlive(socket, stream.heartbeat)
  const isOpen = (): boolean => socket.readyState === socket.OPEN
  const send = (text: string): Promise<void> => sendTo(socket, text, stream)
  try {
    if (stream.withPositions) await send(JSON.stringify({ position: stream.begin }))
    for await (const { texts, positions = [], position } of stream.pages) {
      for (const [at, text] of texts.entries()) {
        await send(
          stream.withPositions ? `{"position":${JSON.stringify(positions[at] ?? position)},"statement":${text}}` : text
        )
      }
      // Nothing of what was passed over is searched again.
      if (stream.withPositions && texts.length === 0 && position !== '') await send(JSON.stringify({ position }))
    }
    if (isOpen()) socket.close(1001, 'the server stops')
  } catch (error) {
    // What the client ended is not a fault of the server.
    if (!isOpen()) return
    socket.close(1011, 'the server cannot go on: connect again later')
    throw error
  } finally {
    stop()
    setTimeout(() => socket.terminate(), farewell).unref()
  }
}
