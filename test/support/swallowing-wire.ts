import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

export interface SwallowingWire {
  readonly port: number
  /** Takes connections and whatever comes, and answers nothing: as a server that hangs. */
  swallow(does: boolean): void
  /** The server gets all that comes, but no answer of it goes through: as one that hangs in the middle of its work. */
  swallowAnswers(does: boolean): void
}

/** A wire of TCP to a server of this machine. It is gone when `t` ends. */
export const aSwallowingWire = async (t: Test, url: string): Promise<SwallowingWire> => {
  const { hostname, port } = new URL(url)
  const sockets = new Set<Socket>()
  let isSwallowing = false
  let isSwallowingAnswers = false
  const server = createServer((client) => {
    const upstream = isSwallowing ? undefined : connect({ host: hostname, port: Number(port) })
    const both = upstream === undefined ? [client] : [client, upstream]
    for (const socket of both) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        for (const other of both) other.destroy()
      })
    }
    client.on('data', (data) => {
      if (!isSwallowing) upstream?.write(data)
    })
    upstream?.on('data', (data) => {
      if (!isSwallowing && !isSwallowingAnswers) client.write(data)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  // What was swallowed is gone: a connection that lacks a part of what was said is of no use any more.
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    // A server that listens on TCP has such an address.
    port: (server.address() as AddressInfo).port,
    swallow: (does) => {
      isSwallowing = does
      if (!does) breakAll()
    },
    swallowAnswers: (does) => {
      isSwallowingAnswers = does
      if (!does) breakAll()
    }
  }
}
