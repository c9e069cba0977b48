import type { Test } from 'tap'
import { allPages, findAny } from '../../support/judged-store.ts'
import { asQuery } from '../../support/oracle.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  anId,
  aStatement,
  aVerb,
  aVoiding,
  refTo,
  withMbox
} from '../../support/statements.ts'
import { readAll } from '../attachment-store.ts'
import type { Suite } from '../open-backend.ts'

const ann = withMbox('ann')
const target = 'restarted'

/** Nothing of this holds where nothing is durable. */
export const restartContract = (t: Test, suite: Suite): void => {
  const restarts = async (t: Test) => {
    const { backend, reopen } = await suite.open(t)
    if (reopen === undefined) {
      t.comment('nothing is durable here')
      return undefined
    }
    return { store: await backend.store(target), again: async () => (await reopen()).store(target) }
  }

  t.test('a restart keeps statements, their order and their texts', async (t) => {
    const opened = await restarts(t)
    if (opened === undefined) return
    for (let count = 0; count < 5; count += 1) {
      await opened.store.statements.insert(aBatch(aStatement({ actor: ann }), aStatement()))
    }
    const before = await allPages(opened.store, { ascending: true })
    const page = await opened.store.statements.query(asQuery({ limit: 3, ascending: true }))
    const store = await opened.again()
    t.same(await allPages(store, { ascending: true }), before)
    const { stored, id } = page.statements.at(-1) ?? { stored: 0, id: '' }
    t.same(await allPages(store, { ascending: true, after: { stored, id } }), before.slice(3), 'a cursor still holds')
    t.equal((await allPages(store, { agent: ann })).length, 5)
    for (const statement of before) t.same(await store.statements.find(statement.id, { voided: false }), statement)
  })

  t.test('a restart keeps ids taken and the order of stored, with a clock set back too', async (t) => {
    const opened = await restarts(t)
    if (opened === undefined) return
    const taken = aStatement()
    await opened.store.statements.insert(aBatch(taken))
    suite.clock.shift(-3_600_000_000)
    t.teardown(() => suite.clock.shift(3_600_000_000))
    const { statements, ...others } = await opened.again()
    t.same(await statements.insert(aBatch(taken)), { inserted: [], already: [taken.id] })
    await t.rejects(statements.insert(aBatch({ ...taken, verb: aVerb('other') })), { code: 'STATEMENT_CONFLICT' })
    const next = aStatement()
    await statements.insert(aBatch(next))
    t.same(
      (await allPages({ statements, ...others }, { ascending: true })).map(({ id }) => id),
      [taken.id, next.id]
    )
  })

  t.test('a restart keeps what is voided, and voidings that wait for their target', async (t) => {
    const opened = await restarts(t)
    if (opened === undefined) return
    const [voided, late, voiding] = [aStatement(), aStatement(), anId()]
    await opened.store.statements.insert(aBatch(voided, aVoiding(voided, { id: voiding }), aVoiding(late)))
    const store = await opened.again()
    t.ok(await store.statements.find(voided.id, { voided: true }))
    t.equal(await store.statements.find(voided.id, { voided: false }), undefined)
    await store.statements.insert(aBatch(late, aVoiding(voiding)))
    t.ok(await store.statements.find(late.id, { voided: true }), 'voided by a statement from before the restart')
    t.ok(await store.statements.find(voiding, { voided: false }), 'a voiding statement is still none to be voided')
    t.equal((await allPages(store, {})).length, 3)
  })

  t.test('a restart keeps references, and those that wait for their target', async (t) => {
    const opened = await restarts(t)
    if (opened === undefined) return
    const [there, late] = [aStatement({ actor: ann }), aStatement({ actor: ann, verb: aVerb('late') })]
    const waiting = aStatement({ object: refTo(late) })
    await opened.store.statements.insert(aBatch(there, aStatement({ object: refTo(there) }), waiting))
    await opened.store.statements.insert(aBatch(aStatement({ object: refTo(waiting) })))
    const store = await opened.again()
    t.equal((await allPages(store, { agent: ann })).length, 2)
    await store.statements.insert(aBatch(late))
    t.equal((await allPages(store, { agent: ann })).length, 5)
    t.equal((await allPages(store, { verb: late.verb.id })).length, 3)
  })

  t.test('a restart keeps descriptions and names, and what was not to be learned', async (t) => {
    const opened = await restarts(t)
    if (opened === undefined) return
    const verb = { ...aVerb('read'), display: { en: 'read' } }
    const describing = (name: string) =>
      aStatement({ actor: { ...ann, name }, verb, object: anActivity('course', { name: { [name]: name } }) })
    const unlearned = describing('no')
    await opened.store.statements.insert(aBatch(describing('en')))
    await opened.store.statements.insert({ ...aBatch(unlearned), define: false })
    await opened.store.statements.insert(aBatch(describing('fr'), unlearned))
    const store = await opened.again()
    const course = anActivity('course').id
    const { definitions, displays } = await store.statements.describe({ activities: [course], verbs: [verb.id] })
    t.same(definitions.get(course), { name: { en: 'en', fr: 'fr' } })
    t.same(displays.get(verb.id), { en: 'read' })
    t.same(await store.statements.agentNames('mailto:ann@example.org'), ['en', 'fr'])
    t.ok(await findAny(store, unlearned.id))
  })

  t.test('a restart keeps attachments and documents', async (t) => {
    const opened = await restarts(t)
    if (opened === undefined) return
    const contents = [Buffer.alloc(0), Buffer.from([0, 255, 10, 13]), Buffer.alloc(300_000, 'é')].map(anAttachment)
    await opened.store.statements.insert({ ...aBatch(aStatement()), attachments: contents })
    const scope = { kind: 'state', activity: anActivity('course').id, agent: 'mailto:ann@example.org' } as const
    const change = (id: string, content: Uint8Array) =>
      opened.store.documents.change({ ...scope, id }, () => ({ content, contentType: 'x/y; z=1' }))
    await change('kept', Buffer.from([0, 255, 10, 13]))
    await change('changed', Buffer.from('one'))
    await change('changed', Buffer.from('two'))
    await change('deleted', Buffer.from('gone'))
    await opened.store.documents.change({ ...scope, id: 'deleted' }, () => undefined)
    await opened.store.documents.change({ ...scope, registration: anId(), id: 'registered' }, () => ({
      content: Buffer.alloc(0),
      contentType: 'x/y'
    }))
    const other = { kind: 'agent-profile', agent: 'mailto:ann@example.org' } as const
    await opened.store.documents.change({ ...other, id: 'cleared' }, () => ({
      content: Buffer.from('x'),
      contentType: 'x/y'
    }))
    await opened.store.documents.clear(other)
    const before = {
      ids: await opened.store.documents.ids(scope),
      kept: await opened.store.documents.get({ ...scope, id: 'kept' }),
      changed: await opened.store.documents.get({ ...scope, id: 'changed' })
    }
    const store = await opened.again()
    const found = await readAll(
      store.attachments,
      contents.map(({ sha2 }) => sha2)
    )
    t.same(
      found.map(({ sha2, content }) => [sha2, Buffer.from(content).toString('hex')]),
      contents.map(({ sha2, content }) => [sha2, Buffer.from(content).toString('hex')])
    )
    t.same(before.ids, ['changed', 'kept', 'registered'])
    t.same(await store.documents.ids(scope), before.ids)
    t.same(await store.documents.get({ ...scope, id: 'kept' }), before.kept)
    t.same(await store.documents.get({ ...scope, id: 'changed' }), before.changed)
    t.equal(Buffer.from(before.changed?.content ?? []).toString(), 'two')
    t.same(await store.documents.ids(other), [])
  })

  t.test('a restart in the middle of much writing keeps all that was acknowledged', async (t) => {
    const opened = await restarts(t)
    if (opened === undefined) return
    const batches = Array.from({ length: 30 }, () => [aStatement(), aStatement(), aStatement()])
    const settled = await Promise.all([
      ...batches.map((batch) => opened.store.statements.insert(aBatch(...batch))),
      ...batches.map((_, index) =>
        opened.store.documents.change(
          { kind: 'agent-profile', agent: 'mailto:ann@example.org', id: `profile-${index}` },
          () => ({ content: Buffer.from(String(index)), contentType: 'text/plain' })
        )
      )
    ])
    t.equal(settled.length, 60)
    const before = await allPages(opened.store, { ascending: true })
    const store = await opened.again()
    t.same(await allPages(store, { ascending: true }), before)
    t.equal((await store.documents.ids({ kind: 'agent-profile', agent: 'mailto:ann@example.org' })).length, 30)
  })
}
