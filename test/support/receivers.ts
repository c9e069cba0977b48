import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

/** What arrives at a real socket. */
export interface Receiver {
  readonly port: number
  readonly received: readonly Buffer[]
  /** Resolves when something arrived that satisfies. */
  until(holds: (all: Buffer) => boolean): Promise<Buffer>
}

const watching = (port: number, received: readonly Buffer[]): Receiver => ({
  port,
  received,
  until: async (holds) => {
    while (!holds(Buffer.concat(received))) await wait(10)
    return Buffer.concat(received)
  }
})

export const receiveDatagrams = async (t: Test): Promise<Receiver> => {
  const received: Buffer[] = []
  const socket = createSocket('udp4', (message) => received.push(message))
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  t.teardown(() => socket.close())
  return watching(socket.address().port, received)
}

/** @param port 0: any free one */
export const receiveStream = async (
  t: Test,
  { port = 0, reads = true }: { readonly port?: number; readonly reads?: boolean } = {}
): Promise<Receiver> => {
  const received: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    if (reads) socket.on('data', (bytes) => received.push(bytes))
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  // A server that listens on TCP has such an address.
  return watching((server.address() as AddressInfo).port, received)
}
