import t from 'tap'
import { severalServersContract } from '../contracts/several-servers.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { allPages } from '../support/judged-store.ts'
import { aDatabase, server, servers } from '../support/mongo.ts'
import { aBatch, aStatement, withMbox } from '../support/statements.ts'

const [_ann, _ben] = [withMbox('ann'), withMbox('ben')]

const engine = await engineFor('mongo')

if ('missing' in engine) t.test('servers on one MongoDB', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  severalServersContract(t, async (t, ...offsets) => servers(t, (await aDatabase(t, url)).options, ...offsets))

  t.test('servers that start at once on an empty database make the indexes once', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const opened = servers(t, options, 0, 0, 0, 0)
    const stores = await Promise.all(opened.map((each) => each.store()))
    for (const each of opened) t.same(await each.status(), { state: 'ok' })
    const indexes = await db.collection(options.collection).listIndexes().toArray()
    t.same(indexes.map(({ name }) => name).sort(), [
      '_id_',
      'ralph_id',
      'ralph_pending',
      'ralph_stored',
      'ralph_target',
      'ralph_tokens'
    ])
    await Promise.all(stores.map(({ statements }) => statements.insert(aBatch(aStatement()))))
    for (const store of stores) t.equal((await allPages(store, {})).length, 4)
  })

  t.test('documents and attachments of any size are kept in parts, and none is left when they go', async (t) => {
    const { options, db } = await aDatabase(t, url)
    const { documents, statements, attachments } = await server(t, options).store()
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'large' } as const
    const content = (fill: string): Buffer => Buffer.alloc(20_000_001, fill)
    const parts = (): Promise<number> => db.collection(`${options.collection}:parts`).countDocuments()
    for (const fill of ['one', 'two']) {
      await documents.change(key, () => ({ content: content(fill), contentType: 'x/y' }))
      const found = await documents.get(key)
      t.ok(found && Buffer.compare(found.content, content(fill)) === 0)
      t.equal(await parts(), 3)
    }
    await documents.clear(key)
    t.equal(await parts(), 0)
    await documents.change(key, () => ({ content: content('three'), contentType: 'x/y' }))
    await documents.change(key, () => undefined)
    t.equal(await parts(), 0)
    const sha2 = 'ab'.repeat(32)
    await statements.insert({ ...aBatch(aStatement()), attachments: [{ sha2, content: content('attached') }] })
    for await (const read of attachments.read([sha2])) t.ok(Buffer.compare(read.content, content('attached')) === 0)
    t.equal(await parts(), 3)
  })
}
