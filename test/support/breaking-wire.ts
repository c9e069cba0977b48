import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import type { Test } from 'tap'

export interface BreakingWire {
  /** Without trailing slash; it stays the same whatever server is behind it. */
  readonly url: string
  /** Where it leads to from now on. */
  lead(url: string): void
  /** Breaks all connections once so many more bytes of clients have passed. */
  breakAfter(bytes: number): void
  /** Bytes of clients that have passed. */
  passed(): number
}

/** A wire of TCP to servers of this machine, as slow as it is told. It is gone when `t` ends. */
export const aBreakingWire = async (
  t: Test,
  { bytesPerSecond = Number.POSITIVE_INFINITY } = {}
): Promise<BreakingWire> => {
  const sockets = new Set<Socket>()
  let target = { host: '127.0.0.1', port: 1 }
  let passed = 0
  let breaksAt = Number.POSITIVE_INFINITY
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  const server = createServer((client) => {
    const upstream = connect(target)
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    upstream.on('data', (data) => client.write(data))
    const forward = async (): Promise<void> => {
      for await (const data of client as AsyncIterable<Buffer>) {
        passed += data.length
        if (passed >= breaksAt) {
          breaksAt = Number.POSITIVE_INFINITY
          upstream.write(data.subarray(0, data.length / 2))
          breakAll()
          return
        }
        if (!upstream.write(data)) await once(upstream, 'drain')
        if (Number.isFinite(bytesPerSecond)) await wait((data.length * 1000) / bytesPerSecond)
      }
      upstream.end()
    }
    forward().catch(() => breakAll())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    breakAll()
    server.close()
  })
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    lead: (url) => {
      const { hostname, port } = new URL(url)
      target = { host: hostname, port: Number(port) }
    },
    breakAfter: (bytes) => {
      breaksAt = passed + bytes
    },
    passed: () => passed
  }
}
