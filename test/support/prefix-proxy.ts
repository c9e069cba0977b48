import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A proxy that hangs the server at `url` under `prefix`, and cuts that off or not. The address without a slash. */
export const startPrefixProxy = async (
  t: Test,
  { url: target, prefix, cuts }: { readonly url: string; readonly prefix: string; readonly cuts: boolean }
): Promise<string> => {
  const server = createServer((received, answer) => {
    const { url = '/', method, headers } = received
    if (!url.startsWith(`${prefix}/`)) {
      answer.writeHead(404).end()
      return
    }
    const path = cuts ? url.slice(prefix.length) : url
    const sent = request(new URL(path, target), { method, headers }, (got) => {
      answer.writeHead(got.statusCode ?? 502, got.headers)
      got.pipe(answer)
    })
    sent.on('error', () => answer.destroy())
    received.pipe(sent)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  // A server that listens on TCP has such an address.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`
}
