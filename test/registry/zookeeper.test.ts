import t from 'tap'
import { testRegistry } from '../contracts/registry.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aBucket, aRegistry } from '../support/registry.ts'

t.test('zookeeper', async (t) => {
  const engine = await engineFor('zookeeper')
  if ('missing' in engine) return t.plan(0, engine.missing)
  t.teardown(() => engine.stop())
  const bucket = aBucket()
  await testRegistry(t, {
    open: () => aRegistry({ provider: 'zookeeper', endpoints: engine.url, bucket }),
    watches: true,
    ttl: 2000,
    slack: 3000
  })
})
