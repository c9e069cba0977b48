import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { textOf } from '../contracts/registry.ts'
import { aSelfSigned } from '../support/certificate.ts'
import { closedPort } from '../support/closed-port.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { aBucket, aRegistry } from '../support/registry.ts'

// The engine has the directory of its own test.
const directory = t.testdir()

t.test('etcd behind TLS is trusted by the authority that is named, and by no other', async (t) => {
  const [served, other] = [aSelfSigned(), aSelfSigned()]
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  writeFileSync(cert, served.pem)
  writeFileSync(key, served.key)
  const [plain, tls] = [await closedPort(), await closedPort()]
  const engine = await ownEngine(t, 'etcd', {
    port: plain,
    settings: {
      // The door without TLS is for the tests, which ask there whether the server has started.
      'listen-client-urls': `http://127.0.0.1:${plain},https://127.0.0.1:${tls}`,
      'advertise-client-urls': `https://localhost:${tls}`,
      'cert-file': cert,
      'key-file': key
    }
  })
  if ('missing' in engine) return t.plan(0, engine.missing)
  const settings = { provider: 'etcd', endpoints: `localhost:${tls}`, bucket: aBucket(), timeout: '2s' }
  const trusting = await aRegistry({ ...settings, certificate: Buffer.from(served.pem).toString('base64') })
  t.teardown(() => trusting.close())
  await trusting.put('a', Buffer.from('1'))
  t.equal(textOf(await trusting.get('a')), '1')
  const misled = await aRegistry({ ...settings, certificate: Buffer.from(other.pem).toString('base64') })
  t.teardown(() => misled.close())
  await t.rejects(misled.get('a'), { code: 'REGISTRY_UNREACHABLE' })
  const bare = await aRegistry(settings)
  t.teardown(() => bare.close())
  await t.rejects(bare.get('a'), { code: 'REGISTRY_UNREACHABLE' })
  t.throws(() => aRegistry({ ...settings, certificate: 'nonsense' }), { code: 'INVALID_SETTING' })
})
