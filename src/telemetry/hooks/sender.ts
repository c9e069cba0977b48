import { createSocket } from 'node:dgram'
import { connect as connectTcp, isIPv6, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** Sends pieces of bytes to one address. */
export interface Sender {
  /** Resolves when the system has taken all of them. */
  send(pieces: readonly Uint8Array[]): Promise<void>
  close(): void
}

/** Milliseconds to connect, and to pass on what is sent together. */
const patience = 5000

const addressOf = (url: string) => {
  const { protocol, hostname, port } = new URL(url.replace(/^\w+:/, 'http:'))
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  return { isTls: url.startsWith('tls:'), protocol, host, port: Number(port === '' ? 80 : port) }
}

const datagrams = (url: string): Sender => {
  const { host, port } = addressOf(url)
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  // Nobody learns whether a datagram has arrived. What the system says of an earlier one has no call to go to.
  socket.on('error', () => {})
  socket.unref()
  return {
    send: async (pieces) => {
      for (const piece of pieces) {
        await new Promise<void>((resolve, reject) => {
          socket.send(piece, port, host, (error) => (error ? reject(error) : resolve()))
        })
      }
    },
    close: () => socket.close()
  }
}

const stream = (url: string): Sender => {
  const { isTls, host, port } = addressOf(url)
  let open: Socket | undefined

  const connection = async (): Promise<Socket> => {
    if (open !== undefined && !open.destroyed && open.writable) return open
    const socket = isTls ? connectTls({ host, port, servername: host }) : connectTcp({ host, port })
    open = socket
    socket.unref()
    // Nothing is said to us. Reading it keeps the connection from filling.
    socket.resume()
    socket.setNoDelay(true)
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => socket.destroy(new Error('it does not answer')), patience)
      socket.once(isTls ? 'secureConnect' : 'connect', () => {
        clearTimeout(limit)
        resolve()
      })
      socket.on('error', reject)
      socket.once('close', () => {
        clearTimeout(limit)
        reject(new Error('the connection was closed'))
      })
    })
    return socket
  }

  const write = (socket: Socket, bytes: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) => {
      // One that never reads would let lines wait for ever.
      const limit = setTimeout(() => socket.destroy(new Error('it does not read')), patience)
      socket.write(bytes, (error) => {
        clearTimeout(limit)
        if (error) reject(error)
        else resolve()
      })
    })

  return {
    send: async (pieces) => write(await connection(), Buffer.concat(pieces)),
    close: () => open?.destroySoon()
  }
}

/** @param url `udp://`, `tcp://` or `tls://`, with a port */
export const createSender = (url: string): Sender => (url.startsWith('udp:') ? datagrams(url) : stream(url))
