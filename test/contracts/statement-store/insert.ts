import { setImmediate } from 'node:timers/promises'
import type { Test } from 'tap'
import type { LrsStore } from '../../../src/contracts/lrs-backend.ts'
import { allPages, judged } from '../../support/judged-store.ts'
import { aBatch, anId, aStatement, aVerb, incoming, withMbox } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

const conflict = { name: 'RalphError', code: 'STATEMENT_CONFLICT' }

const count = async (store: LrsStore): Promise<number> => (await allPages(store, {})).length

export const insertContract = (t: Test, suite: Suite): void => {
  t.test('a new store has no statements', async (t) => {
    const { statements } = await suite.fresh()
    t.same(await statements.query({ ascending: false, limit: 10 }), { statements: [], more: false })
    t.equal(await statements.find(anId(), { voided: false }), undefined)
    t.equal(await statements.find(anId(), { voided: true }), undefined)
  })

  t.test('a statement is found by its id, with the text and the time it was stored with', async (t) => {
    const { statements } = await suite.fresh()
    const statement = aStatement()
    const before = suite.clock.now()
    t.same(await statements.insert(aBatch(statement)), { inserted: [statement.id], already: [] })
    const found = await statements.find(statement.id, { voided: false })
    t.equal(found?.id, statement.id)
    t.ok(found && found.stored >= before && found.stored <= suite.clock.now(), 'stored is the time of the clock')
    t.same(JSON.parse(found?.text ?? ''), {
      ...statement,
      stored: new Date(Math.floor((found?.stored ?? 0) / 1000))
        .toISOString()
        .replace('Z', `${String((found?.stored ?? 0) % 1000).padStart(3, '0')}Z`)
    })
  })

  t.test('a batch is reported in its order and stored in its order', async (t) => {
    const store = await suite.fresh()
    const batch = Array.from({ length: 20 }, () => aStatement())
    const ids = batch.map(({ id }) => id)
    t.same(await store.statements.insert(aBatch(...batch)), { inserted: ids, already: [] })
    const found = await allPages(store, { ascending: true })
    t.same(
      found.map(({ id }) => id),
      ids
    )
    for (const [index, { stored }] of found.entries()) t.ok(index === 0 || stored > (found[index - 1]?.stored ?? 0))
  })

  t.test('an empty batch stores nothing', async (t) => {
    const store = await suite.fresh()
    t.same(await store.statements.insert(aBatch()), { inserted: [], already: [] })
    t.equal(await count(store), 0)
  })

  t.test('an id in capitals is the same id', async (t) => {
    const { statements } = await suite.fresh()
    const id = anId()
    const statement = aStatement({ id: id.toUpperCase() })
    t.same(await statements.insert(aBatch(statement)), { inserted: [id], already: [] })
    const found = await statements.find(id, { voided: false })
    t.equal(found?.id, id)
    t.equal(JSON.parse(found?.text ?? '').id, id.toUpperCase(), 'the text keeps the form in which it was sent')
  })

  t.test('the same statement again is no conflict and changes nothing (Data §2.3.1)', async (t) => {
    const store = await suite.fresh()
    const [one, two, three] = [aStatement(), aStatement(), aStatement()]
    await store.statements.insert(aBatch(one, two))
    const before = await allPages(store, {})
    t.same(await store.statements.insert(aBatch(one)), { inserted: [], already: [one.id] })
    t.same(await allPages(store, {}), before)
    t.same(await store.statements.insert(aBatch(two, three, one)), { inserted: [three.id], already: [two.id, one.id] })
    t.equal(await count(store), 3)
  })

  t.test('what the server assigned makes no difference to sameness', async (t) => {
    const store = await suite.fresh()
    const { timestamp: _, ...untimed } = aStatement()
    await store.statements.insert(aBatch(untimed))
    const again = { ...untimed, version: '1.0.0', authority: withMbox('another-authority') }
    t.same(await store.statements.insert(aBatch(again)), { inserted: [], already: [untimed.id] })
  })

  t.test('another statement under the same id refuses the whole batch, and nothing of it is visible', async (t) => {
    const store = await suite.fresh()
    const taken = aStatement()
    await store.statements.insert(aBatch(taken))
    const before = await allPages(store, {})
    const other = aStatement({ id: taken.id, verb: aVerb('another') })
    const [one, two] = [aStatement(), aStatement()]
    await t.rejects(store.statements.insert(aBatch(one, other, two)), {
      ...conflict,
      details: { statementId: taken.id }
    })
    t.same(await allPages(store, {}), before)
    for (const { id } of [one, two]) t.equal(await store.statements.find(id, { voided: false }), undefined)
    t.same(await store.statements.insert(aBatch(one)), { inserted: [one.id], already: [] }, 'its ids are free')
  })

  t.test('of concurrent different statements under one id exactly one wins, and none else is kept', async (t) => {
    const store = await suite.fresh()
    const id = anId()
    const rivals = Array.from({ length: 16 }, (_, index) => aStatement({ id, verb: aVerb(`rival-${index}`) }))
    const companions = rivals.map(() => aStatement())
    const settled = await Promise.allSettled(
      rivals.map((rival, index) => store.statements.insert(aBatch(companions[index] ?? rival, rival)))
    )
    const won = settled.flatMap(({ status }, index) => (status === 'fulfilled' ? [index] : []))
    t.equal(won.length, 1)
    for (const result of settled) if (result.status === 'rejected') t.match(result.reason, conflict)
    const winner = rivals[won[0] ?? -1]
    t.equal(
      JSON.parse((await store.statements.find(id, { voided: false }))?.text ?? '').verb.id,
      winner?.verb.id,
      'the one that is there is the one that was told so'
    )
    t.equal(await count(store), 2, 'of the refused batches nothing is there')
  })

  t.test('of concurrent equal statements one is inserted and the others were already there', async (t) => {
    const store = await suite.fresh()
    const statement = aStatement()
    const reports = await Promise.all(Array.from({ length: 16 }, () => store.statements.insert(aBatch(statement))))
    t.equal(reports.filter(({ inserted }) => inserted.length === 1).length, 1)
    t.equal(reports.filter(({ already }) => already.length === 1).length, 15)
    t.equal(await count(store), 1)
  })

  t.test('concurrent batches are all kept, each in one piece, under times of their own', async (t) => {
    const subject = judged(await suite.fresh())
    const batches = Array.from({ length: 20 }, () => Array.from({ length: 10 }, () => aStatement()))
    await Promise.all(batches.map((batch) => subject.store.statements.insert(aBatch(...batch))))
    const found = await allPages(subject.store, { ascending: true, limit: 37 })
    t.equal(found.length, 200)
    t.equal(new Set(found.map(({ stored }) => stored)).size, 200, 'no two have the same time')
    const order = found.map(({ id }) => id)
    for (const batch of batches) {
      const positions = batch.map(({ id }) => order.indexOf(id))
      t.same(
        positions,
        positions.toSorted((one, other) => one - other),
        'a batch keeps its order'
      )
    }
  })

  t.test('a reader never sees part of a batch', async (t) => {
    const store = await suite.fresh()
    const verb = aVerb('batched')
    let writing = true
    const write = async (): Promise<void> => {
      for (let round = 0; round < 20; round += 1) {
        await store.statements.insert(aBatch(...Array.from({ length: 7 }, () => aStatement({ verb }))))
      }
      writing = false
    }
    const read = async (): Promise<void> => {
      while (writing) {
        const { statements } = await store.statements.query({ ascending: false, limit: 1000, verb: verb.id })
        if (statements.length % 7 !== 0) t.fail(`${statements.length} statements of batches of 7 were seen`)
        // A client takes a turn of the event loop between its requests.
        await setImmediate()
      }
    }
    await Promise.all([write(), read(), read()])
    t.equal(await count(store), 140)
  })

  t.test('each statement is stored later than all before, even when the clock is set back', async (t) => {
    const clock = suite.clock
    const store = await suite.fresh()
    const first = aStatement()
    await store.statements.insert(aBatch(first))
    clock.shift(-3_600_000_000)
    t.teardown(() => clock.shift(3_600_000_000))
    const second = aStatement()
    await store.statements.insert(aBatch(second))
    const found = await allPages(store, { ascending: true })
    t.same(
      found.map(({ id }) => id),
      [first.id, second.id]
    )
    t.ok((found[1]?.stored ?? 0) > (found[0]?.stored ?? 0))
  })

  t.test('the statement is asked for its text with the time under which it is stored', async (t) => {
    const { statements } = await suite.fresh()
    const statement = aStatement()
    const { timestamp: _, ...untimed } = statement
    await statements.insert({ statements: [incoming(untimed)], attachments: [], define: true })
    const found = await statements.find(statement.id, { voided: false })
    const { stored, timestamp } = JSON.parse(found?.text ?? '')
    t.match(stored, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
    t.equal(timestamp, stored, 'a missing timestamp equals stored (Data §2.4.7)')
  })
}
