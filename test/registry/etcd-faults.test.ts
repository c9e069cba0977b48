import t, { type Test } from 'tap'
import { textOf } from '../contracts/registry.ts'
import { faultContract, goneContract } from '../contracts/registry-faults.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { aBucket, aRegistry } from '../support/registry.ts'
import { aSwallowingWire } from '../support/swallowing-wire.ts'

/** An answer of the JSON gateway of etcd, which is not the door that Ralph uses. */
const ask = async (url: string, path: string, body: object): Promise<string> => {
  const answer = await fetch(`${url}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) })
  const said = await answer.text()
  if (!answer.ok) throw new Error(said)
  return said
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')

const anEtcd = async (t: Test, settings: Readonly<Record<string, string>> = {}) => {
  const engine = await ownEngine(t, 'etcd', { settings })
  if ('missing' in engine) {
    t.plan(0, engine.missing)
    return undefined
  }
  return engine
}

t.test('a bucket, a killed holder, a restart, a server that hangs, one that is gone', async (t) => {
  const engine = await anEtcd(t)
  if (engine === undefined) return
  const bucket = aBucket()
  const settings = { provider: 'etcd', endpoints: engine.url, bucket, timeout: '1s' }
  const registry = await aRegistry(settings)
  t.teardown(() => registry.close())

  await t.test('keys stand below the bucket', async (t) => {
    await registry.put('services/lrs/1', Buffer.from('here'))
    const said = await ask(engine.url, 'kv/range', { key: base64(`/${bucket}/services/lrs/1`) })
    t.match(said, base64('here'))
    const other = await aRegistry({ ...settings, bucket: aBucket() })
    await t.rejects(other.list(''), { code: 'KEY_NOT_FOUND' }, 'another bucket is empty')
    await other.close()
  })

  const faults = {
    engine,
    settings,
    registry,
    ttl: 2000,
    // The second in which etcd looks, and one more.
    notices: 2000,
    patient: { auto_sync: 'false' },
    givenUp: 3000,
    lost: 4000,
    gone: /not reached within 1000 ms|unreachable/
  }
  await faultContract(t, faults)

  await t.test('with auto_sync the other addresses of the cluster are used', async (t) => {
    const wire = await aSwallowingWire(t, engine.url)
    const through = { ...settings, endpoints: `127.0.0.1:${wire.port}`, header_timeout_per_request: '500ms' }
    const [synced, alone] = [await aRegistry(through), await aRegistry({ ...through, auto_sync: 'false' })]
    t.teardown(() => Promise.all([synced.close(), alone.close()]))
    for (const each of [synced, alone]) await each.put('synced', Buffer.from('1'))
    wire.swallow(true)
    for (const each of [synced, alone]) await t.rejects(each.get('synced'), { code: 'REGISTRY_UNREACHABLE' })
    t.equal(textOf(await synced.get('synced')), '1')
    await t.rejects(alone.get('synced'), { code: 'REGISTRY_UNREACHABLE' })
    wire.swallow(false)
  })

  await goneContract(t, faults)
})

t.test('users and passwords', async (t) => {
  const engine = await anEtcd(t)
  if (engine === undefined) return
  for (const name of ['root', 'reader']) await ask(engine.url, 'auth/user/add', { name, password: 'foo' })
  await ask(engine.url, 'auth/role/add', { name: 'root' })
  await ask(engine.url, 'auth/user/grant', { user: 'root', role: 'root' })
  await ask(engine.url, 'auth/enable', {})
  const settings = { provider: 'etcd', endpoints: engine.url, bucket: aBucket() }
  const as = async (username: string, password: string) => {
    const registry = await aRegistry({ ...settings, username, password })
    t.teardown(() => registry.close())
    return registry
  }
  const root = await as('root', 'foo')
  await root.put('a', Buffer.from('1'))
  t.equal(textOf(await root.get('a')), '1')
  const wrong = await as('root', 'bar')
  await t.rejects(wrong.get('a'), { code: 'UNAUTHENTICATED', message: /authentication failed/ })
  const reader = await as('reader', 'foo')
  await t.rejects(reader.get('a'), { code: 'FORBIDDEN', message: /permission denied/ })
})
