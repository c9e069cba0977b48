import t from 'tap'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { ask, server, servers, someIndices } from '../support/es.ts'
import { allPages, findAny } from '../support/judged-store.ts'
import { aBatch, anActivity, anId, aStatement, aVerb, aVoiding, refTo, withMbox } from '../support/statements.ts'

const [ann, ben] = [withMbox('ann'), withMbox('ben')]

const engine = await engineFor('es')

if ('missing' in engine) t.test('servers on one Elasticsearch', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

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

  t.test('two servers write to one target at once, and each sees all that was acknowledged', async (t) => {
    const options = someIndices(t, url)
    // The clocks of two machines are never the same.
    const opened = servers(t, options, 0, -2_000_000)
    const [one, two] = await Promise.all(opened.map((each) => each.store('shared')))
    if (one === undefined || two === undefined) throw new Error('two servers were opened')
    const acknowledged: string[] = []
    const target = aStatement({ actor: ann })
    const write = async (store: LrsStore, other: LrsStore): Promise<void> => {
      for (let round = 0; round < 15; round += 1) {
        const batch = [aStatement({ object: refTo(target) }), aStatement(), aStatement({ actor: ann })]
        const { inserted } = await store.statements.insert(aBatch(...batch))
        acknowledged.push(...inserted)
        const [id] = inserted
        if (id !== undefined && (await findAny(other, id)) === undefined) t.fail('the other server does not see it')
      }
    }
    const writing = Promise.all([write(one, two), write(two, one), write(one, two), write(two, one)])
    await one.statements.insert(aBatch(target))
    await writing
    for (const store of [one, two]) {
      const all = await allPages(store, { ascending: true, limit: 37 })
      t.same(all.map(({ id }) => id).sort(), [...acknowledged, target.id].sort(), 'each once')
      t.equal((await allPages(store, { agent: ann })).length, 1 + 2 * 60, 'those that refer to the target are found')
      t.equal(new Set(all.map(({ stored }) => stored)).size, all.length, 'every statement has a time of its own')
    }
  })

  t.test('readers of other servers see the statements of a batch together, with all that they change', async (t) => {
    const options = someIndices(t, url)
    const [writer, reader] = await Promise.all(servers(t, options, 0, 0).map((each) => each.store()))
    if (writer === undefined || reader === undefined) throw new Error('two servers were opened')
    const rounds = 25
    let [writing, looks] = [true, 0]
    let voiding = { target: anId(), by: anId() }
    const write = async (): Promise<void> => {
      for (let round = 0; round < rounds; round += 1) {
        const [victim, late] = [aStatement(), aStatement({ actor: ben })]
        await writer.statements.insert(aBatch(victim, aStatement({ object: refTo(late) })))
        const by = aVoiding(victim, { actor: ann })
        voiding = { target: victim.id, by: by.id }
        await writer.statements.insert(aBatch(by, late, aStatement({ actor: ann }), aStatement({ actor: ann })))
      }
      writing = false
    }
    const look = async (): Promise<void> => {
      while (writing) {
        const ofAnn = (await allPages(reader, { agent: ann, limit: 1000 })).length
        if (ofAnn % 3 !== 0) t.fail(`${ofAnn} statements are no whole batches`)
        const ofBen = (await allPages(reader, { agent: ben, limit: 1000 })).length
        if (ofBen % 2 !== 0) t.fail('a statement is found by its target, which is not there, or not found by it')
        const { target, by } = voiding
        const isVoided = (await reader.statements.find(target, { voided: true })) !== undefined
        const isThere = (await reader.statements.find(by, { voided: false })) !== undefined
        if (isVoided && !isThere) t.fail('a statement is voided by one that is not there')
        looks += 1
      }
    }
    await Promise.all([write(), look()])
    t.ok(looks > 5, `${looks} looks`)
    t.equal((await allPages(reader, { agent: ann })).length, rounds * 3)
    t.equal((await allPages(reader, { agent: ben })).length, rounds * 2)
  })

  t.test('of servers that store different statements under one id one wins', async (t) => {
    const options = someIndices(t, url)
    const stores = await Promise.all(servers(t, options, 0, 0, 0).map((each) => each.store()))
    for (let round = 0; round < 5; round += 1) {
      const id = anId()
      const settled = await Promise.allSettled(
        stores.map((store, index) => store.statements.insert(aBatch(aStatement({ id, verb: aVerb(`rival-${index}`) }))))
      )
      t.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1)
      for (const each of settled) if (each.status === 'rejected') t.match(each.reason, { code: 'STATEMENT_CONFLICT' })
    }
  })

  t.test('no server promises a time that another one gives out afterwards', async (t) => {
    const options = someIndices(t, url)
    const [one, two] = await Promise.all(servers(t, options, 0, -5_000_000).map((each) => each.store()))
    if (one === undefined || two === undefined) throw new Error('two servers were opened')
    for (let round = 0; round < 5; round += 1) {
      const through = await one.statements.consistentThrough()
      const statement = aStatement()
      await two.statements.insert(aBatch(statement))
      const found = await two.statements.find(statement.id, { voided: false })
      t.ok(found && found.stored > through)
    }
  })

  t.test('what a server has learned counts for another one that has learned something else', async (t) => {
    const options = someIndices(t, url)
    const [one, two] = await Promise.all(servers(t, options, 0, 0).map((each) => each.store()))
    if (one === undefined || two === undefined) throw new Error('two servers were opened')
    const named = (language: string) =>
      aBatch(aStatement({ object: anActivity('course', { name: { [language]: language } }) }))
    for (const language of ['en', 'fr', 'de']) {
      await one.statements.insert(named(language))
      await two.statements.insert(named(`${language}-x-two`))
      await one.statements.insert(named(language))
    }
    const course = anActivity('course').id
    const { definitions } = await one.statements.describe({ activities: [course], verbs: [] })
    const languages = Object.keys(definitions.get(course)?.name ?? {}).sort()
    t.same(languages, ['de', 'de-x-two', 'en', 'en-x-two', 'fr', 'fr-x-two'])
  })

  t.test('of merges of one document by several servers all survive', async (t) => {
    const options = someIndices(t, url)
    const stores = await Promise.all(servers(t, options, 0, -1_000_000).map((each) => each.store()))
    const key = { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: 'profile' } as const
    const times: number[] = []
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const stored = await stores[index % 2]?.documents.change(key, (present) => {
          const before = present === undefined ? {} : JSON.parse(Buffer.from(present.content).toString())
          return { content: Buffer.from(JSON.stringify({ ...before, [index]: true })), contentType: 'application/json' }
        })
        times.push(stored?.updated ?? 0)
      })
    )
    const found = await stores[0]?.documents.get(key)
    t.equal(Object.keys(JSON.parse(Buffer.from(found?.content ?? []).toString())).length, 20)
    t.equal(new Set(times).size, 20, 'each change has a time of its own')
    t.equal(found?.updated, Math.max(...times))
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
