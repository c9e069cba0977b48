import t from 'tap'
import { testRegisteredServers } from '../contracts/registered-servers.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aBucket, aRegistry } from '../support/registry.ts'

const providers = [
  { provider: 'etcd', ttl: 4000, notices: 4000 },
  { provider: 'zookeeper', ttl: 4000, notices: 4000 }
] as const

for (const { provider, ttl, notices } of providers) {
  t.test(`servers that stand in ${provider}`, async (t) => {
    const [engine, database] = [await engineFor(provider), await engineFor('postgres')]
    for (const each of [engine, database]) if ('missing' in each) return t.plan(0, each.missing)
    if ('missing' in engine || 'missing' in database) return
    t.teardown(() => Promise.all([engine.stop(), database.stop()]))
    const settings = { provider, endpoints: engine.url, bucket: aBucket() }
    const registry = await aRegistry(settings)
    t.teardown(() => registry.close())
    await testRegisteredServers(t, { settings, registry, database: database.url, ttl, notices })
  })
}
