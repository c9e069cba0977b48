import type { Test } from 'tap'
import type { LrsStore } from '../../../src/contracts/lrs-backend.ts'
import { allPages } from '../../support/judged-store.ts'
import { asQuery } from '../../support/oracle.ts'
import { aBatch, anActivity, anAttachment, anId, aStatement, withMbox } from '../../support/statements.ts'
import { readAll } from '../attachment-store.ts'
import type { Suite } from '../open-backend.ts'
import { followed } from './follow.ts'

const key = { kind: 'activity-profile', activity: anActivity('course').id, id: 'profile' } as const
const document = { content: Buffer.from('{}'), contentType: 'application/json' }

/** One call of each method that can be given up. */
const calls = (
  { statements, documents, attachments }: LrsStore,
  options: { readonly signal?: AbortSignal } = {}
): Readonly<Record<string, () => Promise<unknown>>> => ({
  insert: () => statements.insert(aBatch(aStatement()), options),
  find: () => statements.find(anId(), { voided: false }, options),
  query: () => statements.query(asQuery({}), options),
  consistentThrough: () => statements.consistentThrough(options),
  describe: () => statements.describe({ activities: [anActivity('one').id], verbs: [] }, options),
  agentNames: () => statements.agentNames('mailto:ann@example.org', options),
  'documents.get': () => documents.get(key, options),
  'documents.change': () => documents.change(key, () => document, options),
  'documents.ids': () => documents.ids({ kind: 'activity-profile', activity: key.activity }, undefined, options),
  'documents.clear': () => documents.clear({ kind: 'activity-profile', activity: key.activity }, options),
  'attachments.read': () => readAll(attachments, [anAttachment(Buffer.from('a')).sha2], options)
})

export const lifetimeContract = (t: Test, suite: Suite): void => {
  t.test('an open backend is well', async (t) => {
    t.same(await suite.backend.status(), { state: 'ok' })
  })

  t.test('the store of a target is the same data each time it is asked for', async (t) => {
    const { backend } = await suite.open(t)
    const statement = aStatement()
    await (await backend.store('one')).statements.insert(aBatch(statement))
    t.equal((await allPages(await backend.store('one'), {}))[0]?.id, statement.id)
    const [first, second] = await Promise.all([backend.store('two'), backend.store('two')])
    await first.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(second, {})).length, 1)
  })

  t.test('targets never see each other', async (t) => {
    const { backend } = await suite.open(t)
    const content = anAttachment(Buffer.from('content'))
    const named = aStatement({
      actor: { ...withMbox('ann'), name: 'Ann' },
      object: anActivity('course', { name: { en: 'Course' } })
    })
    const [main, one, two] = [await backend.store(), await backend.store('one'), await backend.store('two')]
    await one.statements.insert({ ...aBatch(named), attachments: [content] })
    await one.documents.change(key, () => document)
    for (const store of [main, two]) {
      t.same(await allPages(store, {}), [])
      t.equal(await store.statements.find(named.id, { voided: false }), undefined)
      t.equal((await store.statements.describe({ activities: [key.activity], verbs: [] })).definitions.size, 0)
      t.same(await store.statements.agentNames('mailto:ann@example.org'), [])
      t.same(await readAll(store.attachments, [content.sha2]), [])
      t.equal(await store.documents.get(key), undefined)
      const other = { ...named, actor: withMbox('ben') }
      t.same(await store.statements.insert(aBatch(other)), { inserted: [named.id], already: [] }, 'ids are its own')
    }
    await main.statements.insert(aBatch(aStatement()))
    t.equal((await allPages(one, {})).length, 1)
  })

  t.test('what cannot name a target is refused, the same in every backend', async (t) => {
    const { backend } = await suite.open(t)
    for (const target of [
      '../outside',
      '/outside',
      'a/../../outside',
      'a\0b',
      '..',
      '.',
      '',
      ' ',
      '-a',
      'a b',
      'a\n',
      'x'.repeat(101),
      'ä€𐍈',
      '$a.b'
    ]) {
      await t.rejects(backend.store(target), { name: 'RalphError', code: 'INVALID_SETTING', details: { target } })
    }
  })

  t.test('an unusual name is a store of its own', async (t) => {
    const { backend } = await suite.open(t)
    const main = await backend.store()
    for (const target of ['_', '7', 'CON', 'a.b-c_D', 'x'.repeat(100)]) {
      const opened = await backend.store(target)
      const statement = aStatement()
      await opened.statements.insert(aBatch(statement))
      t.ok(await opened.statements.find(statement.id, { voided: false }), target)
      t.equal(await main.statements.find(statement.id, { voided: false }), undefined)
    }
  })

  t.test('a call that was given up before it began rejects with the reason and does nothing', async (t) => {
    const store = await suite.fresh()
    const reason = new Error('the client hung up')
    for (const [name, call] of Object.entries(calls(store, { signal: AbortSignal.abort(reason) }))) {
      await t.rejects(call(), reason, name)
    }
    t.same(await allPages(store, {}), [])
    t.equal(await store.documents.get(key), undefined)
  })

  t.test('an insert that is given up on the way is kept whole or not at all', async (t) => {
    const store = await suite.fresh()
    for (let turns = 0; turns < 10; turns += 1) {
      const controller = new AbortController()
      const batch = [aStatement(), aStatement(), aStatement()]
      const inserting = store.statements.insert(aBatch(...batch), { signal: controller.signal })
      const settled = inserting.then(
        () => true,
        () => false
      )
      for (let turn = 0; turn < turns; turn += 1) await new Promise((resolve) => setImmediate(resolve))
      controller.abort(new Error('the client hung up'))
      const acknowledged = await settled
      // Whatever was on the way is over once a later insert is.
      await store.statements.insert(aBatch(aStatement()))
      const there = await Promise.all(batch.map(({ id }) => store.statements.find(id, { voided: false })))
      const kept = there.filter((found) => found !== undefined).length
      t.ok(acknowledged ? kept === 3 : kept === 0 || kept === 3, `${kept} of 3, acknowledged: ${acknowledged}`)
    }
  })

  t.test('a walk through attachments that is given up ends with the reason', async (t) => {
    const store = await suite.fresh()
    const contents = [1, 2, 3].map((fill) => anAttachment(Buffer.alloc(100_000, fill)))
    await store.statements.insert({ ...aBatch(aStatement()), attachments: contents })
    const controller = new AbortController()
    const reason = new Error('the client hung up')
    const walk = async (): Promise<void> => {
      const digests = contents.map(({ sha2 }) => sha2)
      for await (const _ of store.attachments.read(digests, { signal: controller.signal })) controller.abort(reason)
    }
    await t.rejects(walk(), reason)
  })

  t.test('leaving a walk through attachments early leaves the store usable', async (t) => {
    const store = await suite.fresh()
    const contents = [1, 2, 3].map((fill) => anAttachment(Buffer.alloc(100_000, fill)))
    await store.statements.insert({ ...aBatch(aStatement()), attachments: contents })
    const digests = contents.map(({ sha2 }) => sha2)
    for await (const { sha2 } of store.attachments.read(digests)) {
      t.equal(sha2, digests[0])
      break
    }
    t.equal((await readAll(store.attachments, digests)).length, 3)
    await store.statements.insert(aBatch(aStatement()))
  })

  t.test('closing finishes what was accepted and may be repeated', async (t) => {
    const { backend, reopen } = await suite.open(t)
    const store = await backend.store()
    const batches = Array.from({ length: 10 }, () => [aStatement(), aStatement()])
    const inserting = Promise.allSettled(batches.map((batch) => store.statements.insert(aBatch(...batch))))
    const changing = Promise.allSettled([store.documents.change(key, () => document)])
    await Promise.all([backend.close(), backend.close()])
    await backend.close()
    for (const { status } of [...(await inserting), ...(await changing)]) t.equal(status, 'fulfilled')
    if (reopen === undefined) return
    const again = await (await reopen()).store()
    t.equal((await allPages(again, {})).length, 20)
    t.ok(await again.documents.get(key))
  })

  t.test('a closed backend refuses every call as unavailable', async (t) => {
    const { backend } = await suite.open(t)
    const store = await backend.store()
    const unavailable = { name: 'RalphError', code: 'STORE_UNAVAILABLE' }
    await store.statements.insert(aBatch(aStatement()))
    const { signal } = new AbortController()
    const [waiting, working] = [followed(store, signal), followed(store, signal)]
    for (const each of [waiting, working]) t.equal((await each.next()).done, false)
    const refused = t.rejects(waiting.next(), unavailable, 'follow, of those who wait')
    await backend.close()
    await refused
    await t.rejects(working.next(), unavailable, 'follow, of those who come back')
    await t.rejects(followed(store, signal).next(), unavailable, 'follow')
    for (const [name, call] of Object.entries(calls(store))) await t.rejects(call(), unavailable, name)
    await t.rejects(backend.store(), unavailable, 'store')
    await t.rejects(backend.store('another'), unavailable, 'store of a new target')
    t.match(await backend.status(), { state: 'away', detail: String })
  })
}
