import t from 'tap'
import { openEs } from '../../src/backends/es/lrs.ts'
import { writeBatchContract } from '../contracts/write-batches.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask, batchedEs, countIn, server, someIndices, writeAsPython } from '../support/es.ts'
import { allPages } from '../support/judged-store.ts'
import { aBatch, anActivity, aStatement } from '../support/statements.ts'

const course = anActivity('course').id

const engine = await engineFor('es')

if ('missing' in engine) t.test('batches on Elasticsearch', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  writeBatchContract(t, async (t) => batchedEs(t, url))

  t.test('documents that are not statements are listed and left alone', async (t) => {
    const options = someIndices(t, url)
    await ask(url, 'PUT', options.index, { mappings: { dynamic: false } })
    const good = aStatement()
    const odd = aStatement({ object: { id: course, definition: { name: 'no language map' } } as never })
    await writeAsPython(url, options.index, [
      good,
      odd,
      { ...good, id: good.id.toUpperCase() },
      { id: 'x', actor: {}, verb: { id: 'v' }, object: {}, context: { contextAgents: 7 } },
      { id: 'a view of somebody' },
      { anything: 'else' }
    ])
    const warnings: string[] = []
    const warn = (message: string): void => {
      warnings.push(message)
    }
    for (let opening = 0; opening < 2; opening += 1) {
      const backend = openEs(options, { clock: aClock().now, appDir: '', warn })
      const store = await backend.store()
      t.same((await allPages(store, {})).map(({ id }) => id).sort(), [good.id, odd.id].sort())
      await backend.close()
    }
    t.equal(warnings.filter((each) => each.startsWith('2 statements')).length, 1, warnings.join())
    t.equal(warnings.filter((each) => each.startsWith('4 documents')).length, 1)
    t.equal(await countIn(url, options.index), 6)
  })

  t.test(
    'a document that looks like ours but is unknown is left alone until a client sends its statement',
    async (t) => {
      const options = someIndices(t, url)
      const store = await server(t, options).store()
      const known = aStatement()
      await store.statements.insert(aBatch(known))
      const left = [aStatement(), aStatement()].map((each) => ({ ...each, stored: '2025-01-01T00:00:00.000001Z' }))
      await writeAsPython(url, options.index, left)
      const warnings: string[] = []
      const warn = (message: string): void => {
        warnings.push(message)
      }
      for (let opening = 0; opening < 2; opening += 1) {
        const backend = openEs(options, { clock: aClock().now, appDir: '', warn })
        t.same(
          (await allPages(await backend.store(), {})).map(({ id }) => id),
          [known.id]
        )
        await backend.close()
      }
      t.match(warnings, [/^2 statements .* They are not shown/], 'once')
      const [first] = left
      if (first === undefined) throw new Error('two were left')
      t.same(await store.statements.insert(aBatch(first)), { inserted: [], already: [first.id] })
      t.same((await allPages(store, {})).map(({ id }) => id).sort(), [known.id, first.id].sort())
    }
  )

  t.test('extensions neither make the mapping grow nor contradict each other', async (t) => {
    const options = someIndices(t, url)
    // As the tutorial says.
    await ask(url, 'PUT', options.index)
    const store = await server(t, options).store()
    const long = 'x'.repeat(40_000)
    const statements = [
      aStatement({ context: { extensions: { 'https://x.example.org/': 'text', 'https://a.b.c/.': { '': 1 } } } }),
      aStatement({ context: { extensions: { 'https://x.example.org/': { deep: [1, 'a', {}] }, 'https://y/': long } } }),
      aStatement({ verb: { id: `https://verb.example.org/${long}` } }),
      aStatement({ actor: { mbox: `mailto:${long}@example.org` }, timestamp: '2026-12-31T23:59:60Z' })
    ]
    const mapping = JSON.stringify(await ask(url, 'GET', `${options.index}/_mapping`))
    await store.statements.insert(aBatch(...statements))
    t.equal((await allPages(store, {})).length, 4)
    t.equal(JSON.stringify(await ask(url, 'GET', `${options.index}/_mapping`)), mapping)
  })

  t.test('a statement that contradicts the mapping of Python Ralph is refused, and no other statement', async (t) => {
    const options = someIndices(t, url)
    const properties = { context: { properties: { platform: { type: 'long' } } } }
    await ask(url, 'PUT', options.index, { mappings: { properties } })
    const store = await server(t, options).store()
    const bad = aStatement({ context: { platform: 'Moodle' } })
    const settled = await Promise.allSettled([
      store.statements.insert(aBatch(aStatement())),
      store.statements.insert(aBatch(aStatement(), bad)),
      store.statements.insert(aBatch(aStatement()))
    ])
    t.match(settled, [
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'INVALID_STATEMENT', details: { statementId: bad.id } } },
      { status: 'fulfilled' }
    ])
    t.equal((await allPages(store, {})).length, 2)
    for (const index of [options.index, `${options.index}~~relations`]) t.equal(await countIn(url, index), 2)
  })

  t.test('an index that another program made in our name is refused, with the command that makes ours', async (t) => {
    const options = someIndices(t, url)
    await ask(url, 'PUT', `${options.index}~~relations`)
    await t.rejects(server(t, options).store(), {
      code: 'INVALID_SETTING',
      message: /was not created by Ralph: create it .* curl -X PUT http:/
    })
  })
}
