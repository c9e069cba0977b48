import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createServer } from 'node:tls'
import t, { type Test } from 'tap'
import { aCertificate, asPem } from '../support/certificate.ts'
import { aMirror, anArchive } from '../support/mirror.ts'

/** The log of `ldp-mirror`, sent to a Logs Data Platform: GELF over TLS, each message ended by a null byte. */

const stream = 'e9397556-31d1-4d4d-b2bd-e5367b522cc8'

const aSink = async (t: Test, directory: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const cert = asPem('CERTIFICATE', aCertificate(publicKey, privateKey, { host: 'localhost', validity: 'valid' }))
  const certificateFile = join(directory, 'certificate.pem')
  writeFileSync(certificateFile, cert)
  let received = ''
  const server = createServer({ key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert }, (socket) => {
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (text: string) => {
      received += text
    })
  })
  server.on('tlsClientError', () => {})
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.teardown(() => server.close())
  // A server that listens on TCP has such an address.
  const { port } = server.address() as AddressInfo
  return { host: `localhost:${port}`, certificateFile, received: () => received }
}

t.test('host and token set: every message goes there, and none to standard output', async (t) => {
  const { run, directory } = await aMirror(t, { service: { [stream]: [anArchive(1)] } })
  const sink = await aSink(t, directory)
  const env = { LDP_HOST: sink.host, LDP_TOKEN: 'secret-token' }
  const { code, stdout, stderr } = await run(['ldp-mirror', '--once', stream], {
    ...env,
    NODE_EXTRA_CA_CERTS: sink.certificateFile
  })
  t.same({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' })
  t.match(sink.received(), /\0$/)
  const messages = sink
    .received()
    .split('\0')
    .slice(0, -1)
    .map((each) => JSON.parse(each))
  t.match(messages[0], {
    version: '1.1',
    host: /./,
    short_message: 'Create local DB if not exists',
    level: 6,
    timestamp: Number,
    _facility: 'LDP Mirror',
    '_X-OVH-TOKEN': 'secret-token'
  })
  t.ok(messages.some(({ short_message }) => short_message === `Sha256 OK on ${stream}/2018-12-01.zst`))

  await t.test('a certificate that nobody knows is not trusted; the mirror does its work all the same', async (t) => {
    const before = sink.received()
    const result = await run(['ldp-mirror', '--once', stream], env)
    t.match(result, { code: 0, stdout: '', stderr: /localhost:\d+ accepts no messages: .*certificate/i })
    t.equal(sink.received(), before)
    t.notMatch(result.stderr, /secret-token/)
  })

  await t.test('the host alone: standard output', async (t) => {
    const result = await run(['ldp-mirror', '--once', stream], { LDP_HOST: sink.host })
    t.match(result, { code: 0, stdout: /INFO LDP Mirror\] Looking for new archives of stream/ })
  })
})
