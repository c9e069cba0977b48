import t, { type Test } from 'tap'
import { jsonOf } from '../support/answer.ts'
import { type Client, forEachBackend, idsIn, isDurable, type Lrs, type LrsOptions, startLrs } from '../support/lrs.ts'
import { until } from '../support/postgres.ts'
import { aStatement } from '../support/statements.ts'

const path = '/auth/keys'

const make = async (client: Client, fields: object = {}) => {
  const answer = await client.send('POST', path, {
    body: { label: 'a program', scopes: ['statements/write'], ...fields }
  })
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`)
  return jsonOf(answer)
}

const bearer = (key: string, more: object = {}) => ({ headers: { authorization: `Bearer ${key}`, ...more } })

const basicOf = (username: string, password: string) => ({
  headers: { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
})

const withoutAuthority = () => {
  const { authority: _, ...statement } = aStatement()
  return statement
}

const started = async (t: Test, options: LrsOptions = {}) => {
  const lrs = await startLrs(t, options)
  return { lrs, admin: lrs.as('janedoe') }
}

forEachBackend(t, async (t, lrs: Lrs) => {
  const admin = lrs.as('janedoe')
  const agent = { mbox: 'mailto:program@example.org', objectType: 'Agent' }
  const key = await make(admin, { agent, scopes: ['statements/write', 'statements/read/mine'] })
  t.match(key, { id: String, key: /^ralph_key_\w{16}_\w{49}$/, label: 'a program', agent, madeBy: 'janedoe' })
  const sent = await admin.post(withoutAuthority(), bearer(key.key))
  t.equal(sent.status, 200)
  const [id] = jsonOf(sent)
  t.match(await admin.read(id), { authority: agent }, 'the agent of the key is the authority')
  await admin.store(aStatement())
  t.strictSame(
    idsIn(await admin.get({}, basicOf(key.username, key.password))),
    [id],
    'as HTTP Basic, and the scope is enforced though the server does not enforce scopes'
  )
  t.equal((await admin.send('GET', '/xAPI/activities/state', bearer(key.key))).status, 403)
  const listed = jsonOf(await admin.send('GET', path))
  t.match(listed, { keys: [{ id: key.id, lastUse: /Z$/ }] })
  t.notMatch(JSON.stringify(listed), key.password, 'the secret is shown once')
  if (isDurable(lrs.backend)) await lrs.restart()
  t.equal((await admin.get({}, bearer(key.key))).status, 200, 'it outlives the server')
  t.equal((await admin.send('DELETE', `${path}/${key.id}`)).status, 204)
  t.equal((await admin.get({}, bearer(key.key))).status, 401, 'a revoked key is refused at once')
  t.equal((await admin.send('DELETE', `${path}/${key.id}`)).status, 404)
  t.strictSame(jsonOf(await admin.send('GET', path)), { keys: [] })
})

t.test('who may not do everything, and a key itself without that scope, manages no keys', async (t) => {
  const { lrs, admin } = await started(t)
  t.equal((await lrs.as('writer').send('GET', path)).status, 403)
  t.equal((await admin.send('GET', path, { headers: { authorization: undefined } })).status, 401)
  const weak = await make(admin)
  t.equal((await admin.send('POST', path, { ...bearer(weak.key), body: { label: 'x', scopes: ['all'] } })).status, 403)
  const strong = await make(admin, { scopes: ['all'] })
  t.equal((await admin.send('GET', path, bearer(strong.key))).status, 200)
})

t.test('an administrator of a target manages keys of that target only', async (t) => {
  const { admin } = await started(t)
  const ofSchool = await make(admin, { scopes: ['all'], target: 'school' })
  const common = await make(admin)
  const school = bearer(ofSchool.key)
  t.strictSame(
    jsonOf(await admin.send('GET', path, school)).keys.map(({ id }: { readonly id: string }) => id),
    [ofSchool.id]
  )
  t.equal((await admin.send('DELETE', `${path}/${common.id}`, school)).status, 404)
  const body = { label: 'x', scopes: ['all'], target: 'other' }
  t.equal((await admin.send('POST', path, { ...school, body })).status, 403)
  const made = await admin.send('POST', path, { ...school, body: { label: 'x', scopes: ['all'] } })
  t.match(jsonOf(made), { target: 'school' })
  await admin.store(aStatement())
  t.strictSame(idsIn(await admin.get({}, school)), [], 'the key reads the store of its target')
})

t.test('a key that asks for what is not there is refused with the name of the member', async (t) => {
  const { admin } = await started(t)
  for (const [body, parameter] of [
    [{ scopes: ['all'] }, 'label'],
    [{ label: 'x' }, 'scopes'],
    [{ label: 'x', scopes: [] }, 'scopes'],
    [{ label: 'x', scopes: ['everything'] }, 'scopes'],
    [{ label: 'x', scopes: ['all'], adresses: ['10.0.0.1'] }, 'adresses'],
    [{ label: 'x', scopes: ['all'], addresses: ['10.0.0.0/33'] }, 'addresses'],
    [{ label: 'x', scopes: ['all'], origins: ['https://a.example/path'] }, 'origins'],
    [{ label: 'x', scopes: ['all'], expires: '2020-01-01T00:00:00Z' }, 'expires'],
    [{ label: 'x', scopes: ['all'], agent: { mbox: 'x' } }, 'agent'],
    [{ label: 'x', scopes: ['all'], target: '../x' }, 'target']
  ] as const) {
    const answer = await admin.send('POST', path, { body })
    t.match([answer.status, jsonOf(answer)], [400, { error: 'INVALID_PARAMETER', parameter }], JSON.stringify(body))
  }
  t.equal((await admin.send('POST', path, { body: '{', headers: { 'content-type': 'application/json' } })).status, 400)
})

t.test('forged, altered, expired and misplaced keys are refused', async (t) => {
  let now = Date.now() * 1000
  const { lrs, admin } = await started(t, { clock: () => now, settings: { trustProxy: false } })
  const read = { scopes: ['statements/read'] }
  const key = await make(admin, read)
  const asked = async (text: string, more: object = {}) => (await admin.get({}, bearer(text, more))).status
  t.equal(await asked(key.key), 200)
  for (let at = 0; at < key.key.length; at += 1) {
    const other = key.key[at] === 'A' ? 'B' : 'A'
    const altered = `${key.key.slice(0, at)}${other}${key.key.slice(at + 1)}`
    if ((await asked(altered)) !== 401) t.fail(`with another character at ${at}`)
  }
  const other = await make(admin, read)
  t.equal((await admin.get({}, basicOf(key.username, other.password))).status, 401, 'the secret of another key')
  t.equal((await admin.get({}, basicOf(key.username, ''))).status, 401)
  t.equal((await admin.get({}, basicOf('janedoe', key.key))).status, 401, 'a key is not a password')
  t.equal(await asked(key.key.replace('ralph_key_', 'ralph_token_')), 401, 'a key is not a token')

  const local = await make(admin, { ...read, addresses: ['127.0.0.0/8'] })
  const remote = await make(admin, { ...read, addresses: ['203.0.113.0/24', '2001:db8::/32'] })
  t.equal(await asked(local.key), 200)
  t.equal(await asked(remote.key), 403)
  t.equal(await asked(remote.key, { 'x-forwarded-for': '203.0.113.7' }), 403, 'nobody has to believe that header')
  t.equal(await asked(remote.key, { forwarded: 'for=203.0.113.7', 'x-real-ip': '203.0.113.7' }), 403)

  const ofPage = await make(admin, { ...read, origins: ['https://content.example.org'] })
  t.equal(await asked(ofPage.key, { origin: 'https://content.example.org' }), 200)
  for (const origin of [undefined, 'null', 'https://content.example.org.evil.example', 'http://content.example.org']) {
    t.equal(await asked(ofPage.key, { origin }), 403, String(origin))
  }

  const short = await make(admin, { ...read, expires: new Date(now / 1000 + 60_000).toISOString() })
  t.equal(await asked(short.key), 200)
  now += 61_000_000
  t.equal(await asked(short.key), 401)
  t.match(jsonOf(await admin.get({}, bearer(short.key))), { message: 'The key or token has expired.' })
  t.notMatch(lrs.log.join(''), new RegExp(`${key.password}|${remote.password}`), 'no secret is in the log')
})

t.test('behind a trusted proxy the address is the one that it names', async (t) => {
  const { admin } = await started(t, { settings: { trustProxy: ['127.0.0.1'] } })
  const { key } = await make(admin, { scopes: ['statements/read'], addresses: ['203.0.113.0/24'] })
  const from = async (address: string | undefined) =>
    (await admin.get({}, bearer(key, { 'x-forwarded-for': address }))).status
  t.equal(await from('203.0.113.7'), 200)
  t.equal(await from('198.51.100.1'), 403)
  t.equal(await from('203.0.113.7, 198.51.100.1'), 403, 'what the client itself put before it does not count')
  t.equal(await from(undefined), 403)
})

t.test('a key of another server is refused', async (t) => {
  const at = t.testdir({})
  const [one, two] = [await started(t, { directory: `${at}/one` }), await started(t, { directory: `${at}/two` })]
  const { key } = await make(one.admin, { scopes: ['all'] })
  await make(two.admin, { scopes: ['all'] })
  t.equal((await one.admin.get({}, bearer(key))).status, 200)
  t.equal((await two.admin.get({}, bearer(key))).status, 401)
  t.notMatch(String((await two.admin.send('GET', path)).body), 'digest')
})

t.test('no request of a client can read or write the records of keys', async (t) => {
  const { admin } = await started(t)
  const { id } = await make(admin)
  for (const activityId of ['access-keys', 'access-hash-key', 'access-tokens']) {
    for (const query of [{ activityId }, { activityId, profileId: id }]) {
      t.equal((await admin.send('GET', '/xAPI/activities/profile', { query })).status, 400)
    }
    const query = { activityId, profileId: 'hmac-sha256' }
    t.equal((await admin.send('PUT', '/xAPI/activities/profile', { query, body: {} })).status, 400)
  }
})

t.test('use is written at most once an hour, and an unused key stays so', async (t) => {
  let now = Date.now() * 1000
  const { admin } = await started(t, { clock: () => now })
  const { key } = await make(admin, { scopes: ['statements/read'] })
  const lastUse = async () => jsonOf(await admin.send('GET', path)).keys[0].lastUse
  t.equal(await lastUse(), undefined)
  await admin.get({}, bearer(key))
  await until(async () => (await lastUse()) !== undefined)
  const first = await lastUse()
  now += 1_000_000_000
  await admin.get({}, bearer(key))
  t.equal(await lastUse(), first)
  now += 3_600_000_000
  await admin.get({}, bearer(key))
  await until(async () => (await lastUse()) !== first)
})
