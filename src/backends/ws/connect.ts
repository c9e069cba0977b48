import { isUtf8 } from 'node:buffer'
import { WebSocket } from 'ws'
import type { ClientOptions } from './client-options.ts'
import { brokenConnection, closedByPeer, LostConnection, refusedHandshake } from './errors.ts'
import { keepAlive } from './keep-alive.ts'
import { linesOf } from './lines.ts'

export interface Connection {
  /** The messages since the last call, as lines. Undefined: the other side is done. */
  next(): Promise<readonly string[] | undefined>
  /** Rejects when there is no answer in time. Messages are not kept from here on. */
  ping(): Promise<void>
  /** Closes the connection and reads no more messages. */
  leave(): void
}

export interface ConnectOptions {
  readonly client: ClientOptions
  readonly signal?: AbortSignal | undefined
  /** A message that cannot be read is reported and skipped. Undefined: it ends the connection. */
  readonly onError?: ((error: Error) => void) | undefined
}

const inMilliseconds = (seconds: number): number => Math.ceil(seconds * 1000)

/** The value of an option of `ws`, for which 0 means no limit. */
const orZero = (limit: number): number => (Number.isFinite(limit) ? limit : 0)

const socketFor = (uri: string, client: ClientOptions): WebSocket => {
  const options = {
    maxPayload: orZero(client.max_size),
    perMessageDeflate: client.compression === 'deflate',
    closeTimeout: Math.min(inMilliseconds(client.close_timeout), 2 ** 31 - 1),
    ...(Number.isFinite(client.open_timeout) ? { handshakeTimeout: inMilliseconds(client.open_timeout) } : {}),
    ...(client.origin === '' ? {} : { origin: client.origin }),
    ...(client.user_agent_header === '' ? {} : { headers: { 'User-Agent': client.user_agent_header } })
  }
  return new WebSocket(uri, options)
}

/** How a connection ended. `error` is undefined if the other side closed it in an orderly way. */
interface Ended {
  readonly error: unknown
}

/** Reads no more messages, and resolves when the other side has answered a ping or closed the connection. */
const pingOnce = (socket: WebSocket, endedNow: () => Ended | undefined): Promise<void> =>
  new Promise((answered, failed) => {
    // Messages that nobody reads would fill the queue, and the answer comes after them.
    socket.removeAllListeners('message')
    socket.resume()
    const onClose = (): void => {
      const error = endedNow()?.error
      if (error === undefined) answered()
      else failed(error)
    }
    if (endedNow() !== undefined) onClose()
    socket.once('pong', () => answered())
    socket.once('close', onClose)
    socket.ping()
  })

/**
 * Opens a connection. Messages are kept only up to `max_queue` or `read_limit`. Above them the socket is not read, and TCP makes the other
 * side wait.
 */
export const connect = (uri: string, { client, signal, onError }: ConnectOptions): Promise<Connection> => {
  const { protocol, host } = new URL(uri)
  const place = `${protocol}//${host}`
  const socket = socketFor(uri, client)
  let held: string[] = []
  let heldBytes = 0
  /** Undefined: it is still open. */
  let ended: Ended | undefined
  let wake = (): void => {}

  const end = (error: unknown): void => {
    ended ??= { error }
    alive.stop()
    signal?.removeEventListener('abort', onAbort)
    wake()
  }
  const breakOff = (error: unknown): void => {
    end(error)
    socket.terminate()
  }
  const onAbort = (): void => breakOff(signal?.reason)
  const alive = keepAlive(socket, client, () =>
    breakOff(
      new LostConnection(
        true,
        'STORE_UNAVAILABLE',
        `${place} did not answer a ping within ${client.ping_timeout} seconds`
      )
    )
  )

  const refuse = (error: LostConnection): void => {
    if (onError === undefined) breakOff(error)
    else onError(error)
  }

  const onMessage = (message: Buffer): void => {
    if (!isUtf8(message)) {
      refuse(new LostConnection(false, 'STORE_UNAVAILABLE', `${place} sent a message that is not UTF-8 text`))
      return
    }
    for (const line of linesOf(message.toString('utf8'))) held.push(line)
    heldBytes += message.length
    if (held.length >= client.max_queue || heldBytes >= client.read_limit) {
      socket.pause()
      alive.suspend()
    }
    wake()
  }

  const next = async (): Promise<readonly string[] | undefined> => {
    while (held.length === 0 && ended === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    if (held.length > 0 && !signal?.aborted) {
      const lines = held
      held = []
      heldBytes = 0
      if (socket.isPaused) {
        socket.resume()
        alive.resume()
      }
      return lines
    }
    if (ended?.error !== undefined) throw ended.error
    return undefined
  }

  return new Promise<Connection>((resolve, reject) => {
    // There is only one kind, because the type of binary messages is not changed.
    socket.on('message', (message: Buffer) => onMessage(message))
    socket.on('unexpected-response', (_request, response) => breakOff(refusedHandshake(place, response)))
    socket.on('error', (error) => end(brokenConnection(place, error, client.max_size)))
    socket.on('close', (code, reason) => {
      end(code === 1000 ? undefined : closedByPeer(place, code, reason.toString('utf8')))
      // It has no effect once the connection was opened.
      reject(ended?.error ?? closedByPeer(place, code, ''))
    })
    socket.on('open', () => {
      alive.start()
      resolve({
        next,
        ping: () => pingOnce(socket, () => ended),
        leave: () => {
          end(undefined)
          held = []
          socket.removeAllListeners('message')
          socket.resume()
          socket.close(1000)
        }
      })
    })
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort, { once: true })
  })
}
