import { hostname } from 'node:os'
import { connect, type TLSSocket } from 'node:tls'
import type { Log } from '../contracts/log.ts'
import { messageOf } from '../errors.ts'
import type { Level } from './lines.ts'
import { createLog, type NamedLogOptions } from './named-lines.ts'
import { severities } from './records.ts'

export interface GelfOptions extends NamedLogOptions {
  /** `HOST` or `HOST:PORT`. */
  readonly server: string
  /** The Logs Data Platform knows the stream by this token. */
  readonly token: string
  /** Called once when the server becomes unreachable, and once when it is reachable again. */
  readonly warn: (message: string) => void
}

export interface GelfLog {
  readonly log: Log
  /** Waits a little until everything is sent. */
  close(): Promise<void>
}

/** The port of the Logs Data Platform for GELF over TLS. */
const usualPort = 12_202

/** The most messages that are kept while the server is unreachable. The oldest are dropped. */
const mostKept = 10_000

/** In milliseconds. */
const firstPause = 500
const longestPause = 60_000
const closingTime = 3000
const goodbye = 500

const addressOf = (server: string): { readonly host: string; readonly port: number } => {
  const [, host = server, port] = /^(.+?)(?::(\d+))?$/.exec(server) ?? []
  return { host, port: port === undefined ? usualPort : Number(port) }
}

/** Turns messages into GELF 1.1, each ended by a null byte. */
const createFormat =
  ({ name, token }: GelfOptions) =>
  (time: Date, level: Level, message: string): string =>
    `${JSON.stringify({
      version: '1.1',
      host: hostname(),
      short_message: message,
      timestamp: time.getTime() / 1000,
      level: severities[level],
      _facility: name,
      '_X-OVH-TOKEN': token
    })}\0`

/** Ends a connection. A server that does not answer in time is not waited for. */
const end = (socket: TLSSocket): Promise<void> =>
  new Promise((resolve) => {
    const limit = setTimeout(() => socket.destroy(), goodbye)
    socket.once('close', () => {
      clearTimeout(limit)
      resolve()
    })
    socket.end()
  })

/**
 * Sends messages to a Logs Data Platform: GELF 1.1 over TLS, each ended by a null byte. An unreachable server is tried again. Nothing waits
 * for it.
 */
export const openGelfLog = (options: GelfOptions): GelfLog => {
  const { server, warn } = options
  const gelf = createFormat(options)
  const { host, port } = addressOf(server)
  const kept: string[] = []
  let dropped = 0
  let socket: TLSSocket | undefined
  let isWriting = false
  let isClosed = false
  let failures = 0
  let timer: NodeJS.Timeout | undefined
  let drained: (() => void) | undefined

  const flush = (): void => {
    if (socket === undefined || isWriting) return
    const [next] = kept
    if (next === undefined) {
      drained?.()
      return
    }
    isWriting = true
    const sentTo = socket
    // A message is forgotten after it was written. What a broken connection had not accepted is sent again.
    sentTo.write(next, (error) => {
      if (sentTo !== socket) return
      isWriting = false
      if (error) return
      if (kept[0] === next) kept.shift()
      flush()
    })
  }

  const open = (): void => {
    timer = undefined
    let reason = 'the connection broke'
    const opening = connect({ host, port, servername: host }, () => {
      if (failures > 0) warn(`${host}:${port} accepts messages again`)
      failures = 0
      socket = opening
      isWriting = false
      flush()
    })
    // The socket must not keep the process from ending: it only carries log messages.
    opening.unref()
    opening.on('error', (error) => {
      reason = messageOf(error)
    })
    opening.on('data', () => {})
    opening.on('close', () => {
      socket = undefined
      isWriting = false
      if (isClosed) return
      if (failures === 0) warn(`${host}:${port} accepts no messages: ${reason}; trying again`)
      timer = setTimeout(open, Math.min(longestPause, firstPause * 2 ** failures))
      timer.unref()
      failures += 1
    })
  }

  const keep = (text: string): void => {
    kept.push(text)
    if (kept.length > mostKept) {
      kept.shift()
      dropped += 1
    }
  }

  const log = createLog(options, (time, level, message) => {
    if (dropped > 0 && socket !== undefined) {
      keep(gelf(time, 'WARNING', `${dropped} messages were lost while ${host}:${port} was unreachable`))
      dropped = 0
    }
    keep(gelf(time, level, message))
    flush()
  })
  open()

  return {
    log,
    close: async () => {
      await new Promise<void>((resolve) => {
        const limit = setTimeout(resolve, closingTime)
        drained = () => {
          clearTimeout(limit)
          resolve()
        }
        flush()
      })
      isClosed = true
      clearTimeout(timer)
      if (socket !== undefined) await end(socket)
    }
  }
}
