import t from 'tap'
import { testRegistry } from '../contracts/registry.ts'
import { aConsul } from '../support/consul-server.ts'
import { aBucket, aRegistry } from '../support/registry.ts'

t.test('consul', async (t) => {
  const server = await aConsul(t, { shortestSession: 1 })
  const bucket = aBucket()
  await testRegistry(t, {
    open: () => aRegistry({ provider: 'consul', endpoints: server.url, bucket }),
    watches: true,
    ttl: 1000,
    // A session ends within twice its TTL.
    slack: 3000
  })
})
