import t from 'tap'
import { createMemoryDocuments } from '../../src/backends/memory/documents.ts'
import { isWithin } from '../../src/identity/access/places.ts'
import { type AccessGrant, openAccessRecords } from '../../src/identity/access/records.ts'
import { expiryIn, newSecret, newSecretId, readSecret } from '../../src/identity/access/secret.ts'

const documentsOf = () =>
  createMemoryDocuments(
    () => Date.now() * 1000,
    () => {}
  )

const grant: AccessGrant = {
  label: 'x',
  agent: { mbox: 'mailto:a@example.org' },
  scopes: ['all'],
  addresses: [],
  origins: [],
  made: '2026-12-01T00:00:00Z',
  madeBy: 'jane'
}

const presented = (secret: string) => {
  const found = readSecret(secret)
  if (found === undefined) throw new Error('not a secret')
  return found
}

t.test('a secret is known by its form, and no two are equal', async (t) => {
  const all = new Set(Array.from({ length: 1000 }, () => newSecret('key', newSecretId())))
  t.equal(all.size, 1000)
  for (const each of all) if (readSecret(each)?.text !== each) t.fail(each)
  const [one = ''] = all
  for (const wrong of ['', one.slice(0, -1), `${one}0`, ` ${one}`, `${one}\n`, one.toLowerCase(), 'ralph_key__']) {
    t.equal(readSecret(wrong), undefined, JSON.stringify(wrong))
  }
})

t.test('the id of a token says when it expires', async (t) => {
  const id = newSecretId(1_796_083_200.5)
  t.equal(expiryIn(id), 1_796_083_201)
  t.match(presented(newSecret('token', id)), { kind: 'token', id })
  t.equal(expiryIn(newSecretId()), undefined)
})

t.test('a record that is copied to another store opens nothing there', async (t) => {
  const [one, two] = [documentsOf(), documentsOf()]
  const [here, there] = [openAccessRecords(async () => one), openAccessRecords(async () => two)]
  const { record, secret } = await here.create('key', grant)
  await there.create('key', grant)
  t.equal(await here.isOf(presented(secret), record), true)
  const place = { kind: 'activity-profile', activity: 'access-keys', id: record.id } as const
  const document = await one.get(place)
  t.notMatch(String(document?.content), secret.slice(-49), 'the store has no secret')
  await two.change(place, () => document)
  t.equal(await there.isOf(presented(secret), await there.find('key', record.id)), false)
  t.equal(await there.isOf(presented(secret), undefined), false)
})

t.test('servers that begin together on one store have the same key of hashes', async (t) => {
  const documents = documentsOf()
  const servers = Array.from({ length: 5 }, () => openAccessRecords(async () => documents))
  const made = await Promise.all(servers.map((each) => each.create('key', grant)))
  for (const server of servers) {
    const found = await Promise.all(made.map(({ record, secret }) => server.isOf(presented(secret), record)))
    t.strictSame(found, [true, true, true, true, true])
  }
})

t.test('a record is taken once, its use does not bring it back, and what has expired is swept', async (t) => {
  const documents = documentsOf()
  const records = openAccessRecords(async () => documents)
  const { record } = await records.create('fetch', grant, 1000)
  const taken = await Promise.all([1, 2, 3].map(() => records.take('fetch', record.id)))
  t.equal(taken.filter((each) => each !== undefined).length, 1)
  const key = await records.create('key', grant)
  await records.take('key', key.record.id)
  await records.used('key', key.record.id, '2026-12-01T00:00:00Z')
  t.equal(await records.find('key', key.record.id), undefined)
  for (const expires of [1000, 2000, 3000]) await records.create('token', grant, expires)
  t.equal(await records.sweep('token', 2500), 2)
  t.equal((await records.list('token')).length, 1)
})

t.test('addresses lie in networks of their own family, mapped or not', async (t) => {
  const networks = ['192.0.2.0/24', '203.0.113.7', '2001:db8::/32']
  for (const address of ['192.0.2.255', '203.0.113.7', '2001:db8:1::1', '::ffff:192.0.2.1', '2001:db8::1%eth0']) {
    t.equal(isWithin(networks, address), true, address)
  }
  for (const address of ['192.0.3.0', '203.0.113.8', '2001:db9::1', '', 'unknown', undefined]) {
    t.equal(isWithin(networks, address), false, String(address))
  }
})
