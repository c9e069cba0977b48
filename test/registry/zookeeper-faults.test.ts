import { once } from 'node:events'
import t, { type Test } from 'tap'
import { follow, textOf, until } from '../contracts/registry.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { ralph, startRalph } from '../support/ralph-process.ts'
import { aBucket, aRegistry, registryVariables } from '../support/registry.ts'
import { aSwallowingWire } from '../support/swallowing-wire.ts'

const aZookeeper = async (t: Test, settings: Readonly<Record<string, string>> = {}) => {
  const engine = await ownEngine(t, 'zookeeper', { settings })
  if ('missing' in engine) {
    t.plan(0, engine.missing)
    return undefined
  }
  return engine
}

t.test('a bucket, a killed holder, a restart, a server that hangs, one that is gone', async (t) => {
  const engine = await aZookeeper(t)
  if (engine === undefined) return
  const bucket = aBucket()
  const settings = {
    provider: 'zookeeper',
    endpoints: engine.url,
    bucket,
    timeout: '2s',
    header_timeout_per_request: '2s'
  }
  const registry = await aRegistry(settings)
  t.teardown(() => registry.close())

  await t.test('another bucket is empty', async (t) => {
    await registry.put('a', Buffer.from('here'))
    const other = await aRegistry({ ...settings, bucket: aBucket() })
    await t.rejects(other.list(''), { code: 'KEY_NOT_FOUND' })
    await other.close()
  })

  await t.test(
    'a value with a TTL outlives who put it, and no TTL is longer than the server keeps sessions',
    async (t) => {
      const env = registryVariables(settings)
      t.match(await ralph(t, ['kv', 'put', '--ttl', '3s', 'brief', 'here'], { env }), { code: 0 })
      t.equal(textOf(await registry.get('brief')), 'here')
      t.ok(await until(async () => !(await registry.exists('brief')), 6000))
      await t.rejects(registry.put('long', Buffer.from('x'), { ttl: 3_600_000 }), { code: 'INVALID_PARAMETER' })
    }
  )

  await t.test('what one user makes no other may read', async (t) => {
    const [ada, bob] = await Promise.all(
      ['ada', 'bob'].map((username) => aRegistry({ ...settings, username, password: 'secret' }))
    )
    if (ada === undefined || bob === undefined) throw new Error('two were opened')
    t.teardown(() => Promise.all([ada.close(), bob.close()]))
    await ada.put('private/a', Buffer.from('1'))
    t.equal(textOf(await ada.get('private/a')), '1')
    await t.rejects(bob.get('private/a'), { code: 'FORBIDDEN' })
  })

  await t.test('a lock whose holder is killed passes on within its TTL', async (t) => {
    const env = registryVariables(settings)
    const child = startRalph(t, ['kv', 'lock', '--ttl', '3s', 'locks/a', '--', 'sh', '-c', 'echo held; sleep 4'], {
      env
    })
    await once(child.stdout ?? child, 'data')
    t.match(await ralph(t, ['kv', 'lock', '--wait', '100ms', 'locks/a', '--', 'true'], { env }), { code: 5 })
    child.kill('SIGKILL')
    // The command itself lives on, and would hold the pipe.
    child.stdout?.destroy()
    child.stderr?.destroy()
    const killed = performance.now()
    const lock = registry.newLock('locks/a', { ttl: 3000 })
    await lock.lock()
    t.ok(performance.now() - killed < 3000 + 2000, 'the TTL, and the ticks in which ZooKeeper looks')
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
    const patient = { ...settings, endpoints, header_timeout_per_request: '1s' }
    const hanging = await aRegistry(patient)
    t.teardown(() => hanging.close())
    await hanging.put('a', Buffer.from('1'))
    const lost = await hanging.newLock('locks/c', { ttl: 3000 }).lock()
    wire.swallow(true)
    const begun = performance.now()
    await t.rejects(hanging.get('a'), { code: 'REGISTRY_UNREACHABLE' })
    t.ok(performance.now() - begun < 5000)
    if (!lost.aborted) await once(lost, 'abort')
    t.ok(performance.now() - begun < 6000, 'who cannot renew a lock has lost it')
    wire.swallow(false)
  })

  await t.test('a server that is gone is not reachable, within the time that is set', async (t) => {
    await engine.stop()
    const begun = performance.now()
    await t.rejects(registry.get('watched'), {
      code: 'REGISTRY_UNREACHABLE',
      message: /not reached within 1000 ms|out of reach|does not answer/
    })
    t.ok(performance.now() - begun < 5000)
    const late = await ralph(t, ['kv', 'get', 'a'], { env: registryVariables(settings) })
    t.match(late, { code: 1, stderr: /zookeeper at 127\.0\.0\.1:\d+ was not reached/ })
  })
})
