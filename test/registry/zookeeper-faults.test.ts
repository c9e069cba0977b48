import t, { type Test } from 'tap'
import { textOf, until } from '../contracts/registry.ts'
import { faultContract, goneContract } from '../contracts/registry-faults.ts'
import { ownEngine } from '../support/engines/own-engine.ts'
import { ralph } from '../support/ralph-process.ts'
import { aBucket, aRegistry, registryVariables } from '../support/registry.ts'

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

  const faults = {
    engine,
    settings,
    registry,
    ttl: 3000,
    // The ticks in which ZooKeeper looks.
    notices: 2000,
    patient: {},
    givenUp: 5000,
    lost: 6000,
    gone: /not reached within 1000 ms|unreachable|does not answer/
  }
  await faultContract(t, faults)

  await goneContract(t, faults)
})
