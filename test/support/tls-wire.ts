import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import type { Test } from 'tap'
import { aCertificate, asPem } from './certificate.ts'

/** TLS in front of a server that does without, with a certificate for `localhost` that nobody knows. */
export const aTlsWire = async (
  t: Test,
  server: string
): Promise<{ readonly origin: string; readonly certificateFile: string }> => {
  const { hostname, port } = new URL(server)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = asPem('CERTIFICATE', aCertificate(publicKey, privateKey, { host: 'localhost', validity: 'valid' }))
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const certificateFile = join(t.testdir(), 'certificate.pem')
  writeFileSync(certificateFile, cert)
  const sockets = new Set<{ destroy(): unknown }>()
  const listener = createServer({ key, cert }, (socket) => {
    const onward = connect(Number(port), hostname)
    for (const each of [socket, onward]) {
      sockets.add(each)
      each.on('error', () => {})
      each.on('close', () => sockets.delete(each))
    }
    socket.pipe(onward).pipe(socket)
  })
  listener.on('tlsClientError', () => {})
  listener.listen(0, 'localhost')
  await once(listener, 'listening')
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    listener.close()
  })
  // A server that listens on TCP has such an address.
  const address = listener.address() as AddressInfo
  return { origin: `https://localhost:${address.port}`, certificateFile }
}
