import type { LookupAddress } from 'node:dns'
import t from 'tap'
import { allowPublicOnly, isPublicAddress } from '../../src/downloads/guard.ts'

const settings = { hosts: 'HOSTS', networks: 'NETWORKS' }

t.test('an address is of the public Internet or it is not, in whatever form it is written', async (t) => {
  for (const address of [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.0.1', '169.254.169.254', '172.16.0.1', '172.31.9.9'],
    ...['192.168.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', '::', '::1', '::ffff:127.0.0.1'],
    ...['::ffff:a00:1', '0:0:0:0:0:ffff:c0a8:0001', '::127.0.0.1', 'fe80::1', 'fe80::1%lo', 'fc00::1', 'fd12::1'],
    ...['ff02::1', '64:ff9b::7f00:1', '2002:7f00:1::', '2001::1', '2001:db8::1', 'localhost', '']
  ]) {
    t.notOk(isPublicAddress(address), address)
  }
  for (const address of ['1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '::ffff:1.1.1.1']) {
    t.ok(isPublicAddress(address), address)
  }
})

t.test('a URL is judged by its scheme, its host and its address', async (t) => {
  const guard = allowPublicOnly({
    hosts: ['example.org', '*.example.org', 'other.org:8443', '10.0.0.1', '127.0.0.1', '[::1]', '1.1.1.1'],
    networks: ['10.0.0.0/8'],
    settings
  })
  for (const url of [
    ...['https://example.org/x', 'http://a.b.example.org', 'https://EXAMPLE.org.', 'https://other.org:8443/'],
    ...['http://10.0.0.1/', 'http://1.1.1.1/']
  ]) {
    t.doesNotThrow(() => guard.judge(new URL(url)), url)
  }
  for (const url of [
    ...['ftp://example.org', 'https://badexample.org', 'https://other.org', 'http://127.0.0.1', 'http://0x7f.1/'],
    ...['http://2130706433/', 'http://0177.0.0.1/', 'http://[::1]/', 'https://example.org@evil.org/']
  ]) {
    t.throws(() => guard.judge(new URL(url)), { code: 'FORBIDDEN' }, url)
  }
})

t.test('a connection goes to the address that was judged, and one inner address spoils a name', async (t) => {
  const lookedUp = (addresses: readonly string[], all: boolean) =>
    new Promise((resolve, reject) => {
      const found: LookupAddress[] = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
      const answer = (_host: string, _options: unknown, done: (error: null, found: LookupAddress[]) => void) =>
        done(null, found)
      const resolveName = answer as unknown as typeof import('node:dns').lookup
      const { lookup } = allowPublicOnly({ hosts: ['*'], settings, resolve: resolveName })
      lookup('host', { all }, (error, address) => (error === null ? resolve(address) : reject(error)))
    })
  t.equal(await lookedUp(['1.1.1.1', '2606:4700::1111'], false), '1.1.1.1')
  t.same(await lookedUp(['1.1.1.1'], true), [{ address: '1.1.1.1', family: 4 }])
  for (const addresses of [['127.0.0.1'], ['1.1.1.1', '10.0.0.1'], ['::ffff:7f00:1'], []]) {
    await t.rejects(lookedUp(addresses, false), { code: 'FORBIDDEN' }, addresses.join())
    await t.rejects(lookedUp(addresses, true), { code: 'FORBIDDEN' }, addresses.join())
  }
})
