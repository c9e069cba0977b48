import { randomUUID } from 'node:crypto'
import t from 'tap'
import { lrsBackends } from '../../src/backends/registry.ts'
import { lockKeyOf } from '../../src/forwarding/index.ts'
import { createDocumentLock } from '../../src/registry/document-lock.ts'
import { startAnswering } from '../support/answering.ts'
import { isEngineName } from '../support/engines/engine.ts'
import { missingEngine } from '../support/engines/engine-for.ts'
import { type Forwarder, startForwarder } from '../support/forwarding.ts'
import { openBackend, placeFor } from '../support/lrs-place.ts'
import { until } from '../support/postgres.ts'
import { aBatch, aStatement } from '../support/statements.ts'

/** A lock that its holder does not let go of passes on after this many milliseconds. */
const ttl = 1500

for (const { name } of lrsBackends.filter(({ servers }) => servers === 'any')) {
  const skip = isEngineName(name) && (missingEngine(name) ?? false)
  t.test(`servers of one store on ${name} share the work: nothing is sent twice`, { skip }, async (t) => {
    const directory = t.testdir()
    const place = await placeFor(t, name, directory, `t_${randomUUID().replaceAll('-', '')}`)
    if ('missing' in place) return t.plan(0, place.missing)
    const receiver = await startAnswering(t, () => ({ body: [] }))
    const sent = (): string[] =>
      receiver.received.flatMap(({ body }) => JSON.parse(body).map(({ id }: { id: string }) => id))
    const forwardings = [{ url: `${receiver.url}/`, name: 'shared', begin: 'first' }]
    const start = async (): Promise<Forwarder> => {
      const backend = await openBackend(name, directory, place, (message) => t.comment(message))
      t.teardown(() => backend.close())
      return startForwarder(t, {
        forwardings,
        backend,
        lockOf: ({ documents }, own) => createDocumentLock(documents, lockKeyOf(own), { ttl })
      })
    }
    const servers = [await start(), await start(), await start()]
    const stored: string[] = []
    const storeMore = async (server: Forwarder | undefined): Promise<void> => {
      const statements = Array.from({ length: 5 }, () => aStatement())
      await server?.store.statements.insert(aBatch(...statements))
      stored.push(...statements.map(({ id }) => id))
    }
    const holder = async (): Promise<number> => {
      const states = (await Promise.all(servers.map(({ running }) => running.status()))).map(
        ([status]) => status?.state
      )
      t.equal(states.filter((state) => state === 'ok').length, 1, 'one of them forwards')
      return states.indexOf('ok')
    }
    await storeMore(servers[2])
    await until(async () => sent().length >= stored.length)
    const first = await holder()
    await servers[first]?.stop()
    servers.splice(first, 1)
    await storeMore(servers[0])
    await until(async () => sent().length >= stored.length)
    t.strictSame(sent(), stored, 'in their order, each once')
  })
}
