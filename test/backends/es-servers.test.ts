import t from 'tap'
import { severalServersContract } from '../contracts/several-servers.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask, server, servers, someIndices } from '../support/es.ts'
import { allPages, findAny } from '../support/judged-store.ts'
import { aBatch, anId, aStatement, withMbox } from '../support/statements.ts'

const [_ann, _ben] = [withMbox('ann'), withMbox('ben')]

const engine = await engineFor('es')

if ('missing' in engine) t.test('servers on one Elasticsearch', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  severalServersContract(t, async (t, ...offsets) => servers(t, someIndices(t, url), ...offsets))

  t.test('servers that start at once on an empty cluster make the indices once', async (t) => {
    const options = someIndices(t, url)
    const opened = servers(t, options, 0, 0, 0, 0)
    const stores = await Promise.all(opened.map((each) => each.store()))
    for (const each of opened) t.same(await each.status(), { state: 'ok' })
    const listed = await ask(url, 'GET', `_cat/indices/${options.index}*?h=index&s=index&expand_wildcards=all`)
    t.same(String(listed).trim().split('\n'), [options.index, `${options.index}~~kept`, `${options.index}~~relations`])
    await Promise.all(stores.map(({ statements }) => statements.insert(aBatch(aStatement()))))
    for (const store of stores) t.equal((await allPages(store, {})).length, 4)
  })

  t.test('documents and attachments of any size are kept in parts, and none is left when they go', async (t) => {
    const options = someIndices(t, url)
    const { documents, statements, attachments } = await server(t, options).store()
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'large' } as const
    const content = (fill: string): Buffer => Buffer.alloc(7_000_001, fill)
    const count = async (): Promise<number> => {
      const kept = `${options.index}~~kept`
      await ask(url, 'POST', `${kept}/_refresh`)
      const { count } = (await ask(url, 'GET', `${kept}/_count?q=*:*`)) as { count: number }
      return count
    }
    for (const fill of ['one', 'two']) {
      await documents.change(key, () => ({ content: content(fill), contentType: 'x/y' }))
      const found = await documents.get(key)
      t.ok(found && Buffer.compare(found.content, content(fill)) === 0)
      t.equal(await count(), 1 + 3)
    }
    await documents.clear(key)
    t.equal(await count(), 0)
    await documents.change(key, () => ({ content: content('three'), contentType: 'x/y' }))
    await documents.change(key, () => undefined)
    t.equal(await count(), 0)
    const sha2 = 'ab'.repeat(32)
    await statements.insert({ ...aBatch(aStatement()), attachments: [{ sha2, content: content('attached') }] })
    for await (const read of attachments.read([sha2])) t.ok(Buffer.compare(read.content, content('attached')) === 0)
    t.equal(await count(), 3 + 1, 'and the record of the lease')
  })

  t.test('a target whose name Elasticsearch takes for no index has one, and none is taken for another', async (t) => {
    const options = someIndices(t, url)
    const backend = server(t, options)
    const names = ['_a', 'a', 'A', 'aB', 'ab', 'Ab', '_A', 'statements--relations', 'x'.repeat(100), 'X'.repeat(100)]
    for (const name of names) {
      const store = await backend.store(name)
      t.same(await allPages(store, {}), [], name)
      await store.statements.insert(aBatch(aStatement()))
    }
    for (const name of names) t.equal((await allPages(await backend.store(name), {})).length, 1, name)
  })

  t.test('a target that nobody has written to costs no index', async (t) => {
    const options = someIndices(t, url)
    const store = await server(t, options).store('unused')
    t.same(await allPages(store, {}), [])
    t.equal(await findAny(store, anId()), undefined)
    await store.documents.change({ kind: 'activity-profile', activity: 'https://a.example.org/', id: 'a' }, () => ({
      content: Buffer.from('{}'),
      contentType: 'application/json'
    }))
    const listed = await ask(url, 'GET', `_cat/indices/${options.targetPrefix}*?h=index`)
    t.equal(listed, '')
  })
}
