import { once } from 'node:events'
import t, { type Test } from 'tap'
import { follow, textOf } from '../contracts/registry.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { aBucket, aRegistry, registryVariables } from '../support/registry.ts'
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

  await t.test('a lock whose holder is killed passes on within its TTL', async (t) => {
    const env = registryVariables(settings)
    const child = startRalph(t, ['kv', 'lock', '--ttl', '2s', 'locks/a', '--', 'sh', '-c', 'echo held; sleep 4'], {
      env
    })
    await once(child.stdout ?? child, 'data')
    t.match(await ralph(t, ['kv', 'lock', '--wait', '100ms', 'locks/a', '--', 'true'], { env }), { code: 5 })
    child.kill('SIGKILL')
    // The command itself lives on, and would hold the pipe.
    child.stdout?.destroy()
    child.stderr?.destroy()
    const killed = performance.now()
    const lock = registry.newLock('locks/a', { ttl: 2000 })
    await lock.lock()
    t.ok(performance.now() - killed < 2000 + 2000, 'the TTL, and the second in which etcd looks')
    await lock.unlock()
    t.match(await ralph(t, ['kv', 'lock', 'locks/a', '--', 'sh', '-c', 'exit 7'], { env }), { code: 7 })
  })

  await t.test('a watch and a lock survive a restart of the server', async (t) => {
    await registry.put('watched', Buffer.from('before'))
    const watched = follow(t, (signal) => registry.watch('watched', signal))
    t.equal(textOf(await watched.next()), 'before')
    const lock = registry.newLock('locks/b')
    const lost = await lock.lock()
    await engine.kill()
    await engine.restart()
    await registry.put('watched', Buffer.from('after'))
    t.equal(textOf(await watched.next()), 'after')
    t.equal(lost.aborted, false)
    await lock.unlock()
    t.equal(await registry.exists('locks/b'), false)
  })

  await t.test('a server that hangs is given up in time', async (t) => {
    const wire = await aSwallowingWire(t, engine.url)
    const endpoints = `127.0.0.1:${wire.port}`
    const patient = { ...settings, endpoints, auto_sync: 'false', header_timeout_per_request: '1s' }
    const hanging = await aRegistry(patient)
    t.teardown(() => hanging.close())
    await hanging.put('a', Buffer.from('1'))
    const lost = await hanging.newLock('locks/c', { ttl: 2000 }).lock()
    wire.swallow(true)
    const begun = performance.now()
    await t.rejects(hanging.get('a'), { code: 'REGISTRY_UNREACHABLE' })
    t.ok(performance.now() - begun < 3000)
    if (!lost.aborted) await once(lost, 'abort')
    t.ok(performance.now() - begun < 4000, 'who cannot renew a lock has lost it')
    wire.swallow(false)
  })

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

  await t.test('a server that is gone is not reachable, within the time that is set', async (t) => {
    await engine.stop()
    const begun = performance.now()
    await t.rejects(registry.get('watched'), {
      code: 'REGISTRY_UNREACHABLE',
      message: /not reached within 1000 ms|out of reach/
    })
    t.ok(performance.now() - begun < 3000)
    const late = await ralph(t, ['kv', 'get', 'a'], { env: registryVariables(settings) })
    t.match(late, { code: 1, stderr: /etcd at 127\.0\.0\.1:\d+ was not reached/ })
  })
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
