import type { Test } from 'tap'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import type { StoredStatement } from '../../src/contracts/statement-store.ts'
import type { Rewriting, StoreRewriting } from '../../src/contracts/store-rewriting.ts'
import { apartKey } from '../../src/xapi/authority.ts'
import type { StatementFilters } from '../../src/xapi/filters.ts'
import { type Statement, type StatementId, voidedVerb } from '../../src/xapi/statement.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  aStatement,
  aVerb,
  aVoiding,
  refTo,
  withAccount,
  withMbox
} from '../support/statements.ts'
import { readAll } from './attachment-store.ts'
import { type OpenBackend, openSuite } from './open-backend.ts'

const rewritingOf = (store: LrsStore): StoreRewriting => {
  if (store.rewriting === undefined) throw new Error('nothing can be removed from the store')
  return store.rewriting
}

const nothing: Rewriting = { removed: [], rewritten: [], attachments: [], agents: [], activities: [], verbs: [] }

const rewrite = (store: LrsStore, wanted: Partial<Rewriting>): Promise<void> =>
  rewritingOf(store).rewrite({ ...nothing, ...wanted })

const idsOf = async (store: LrsStore, filters: StatementFilters): Promise<StatementId[]> => {
  const { statements } = await store.statements.query({ ...filters, ascending: true, limit: 100 })
  return statements.map(({ id }) => id)
}

const storedOf = async (store: LrsStore, id: StatementId): Promise<StoredStatement> => {
  const { statements } = await store.statements.findAll([id])
  const [found] = statements
  if (found === undefined) throw new Error(`there is no statement ${id}`)
  return found
}

/** The statement as it is stored, with other members. */
const changed = async (store: LrsStore, id: StatementId, parts: Partial<Statement>): Promise<StoredStatement> => {
  const found = await storedOf(store, id)
  return { ...found, text: JSON.stringify({ ...JSON.parse(found.text), ...parts }) }
}

const ann = 'mailto:ann@example.org'
const other = withAccount('pseudonym')
const otherKey = 'account:https://school.example.org\npseudonym'

/** What every store must do from which something can be removed (`StoreRewriting`). */
export const storeRewritingContract = (t: Test, name: string, open: OpenBackend): void => {
  t.test(`${name} as a store that forgets`, async (t) => {
    const suite = await openSuite(t, open)

    t.test('removed statements are found by nothing any more, and others stay as they were', async (t) => {
      const store = await suite.fresh()
      const [theirs, kept] = [aStatement({ actor: withMbox('ann') }), aStatement({ actor: withMbox('ben') })]
      await store.statements.insert(aBatch(theirs, kept))
      const before = await storedOf(store, kept.id)
      await rewrite(store, { removed: [theirs.id, '00000000-0000-4000-8000-000000000000'] })
      t.equal(await store.statements.find(theirs.id, { voided: false }), undefined)
      t.same((await store.statements.findAll([theirs.id, kept.id])).statements, [before])
      t.same(await idsOf(store, {}), [kept.id])
      t.same(await idsOf(store, { agent: ann }), [])
      t.same(await idsOf(store, { agent: ann, relatedAgents: true }), [])
      const all = await store.copy?.statements(undefined, 10)
      t.same(all?.statements, [before])
    })

    t.test('an id that was removed is free again', async (t) => {
      const store = await suite.fresh()
      const [theirs, kept] = [aStatement({ actor: withMbox('ann') }), aStatement()]
      await store.statements.insert(aBatch(theirs, kept))
      await rewrite(store, { removed: [theirs.id] })
      const again = aStatement({ id: theirs.id, actor: withMbox('ben') })
      t.same((await store.statements.insert(aBatch(again))).inserted, [theirs.id])
      t.same(await idsOf(store, {}), [kept.id, again.id], 'as a new one')
    })

    t.test('a rewritten statement keeps its place, and is found by what it says now', async (t) => {
      const store = await suite.fresh()
      const all = [aStatement(), aStatement({ actor: withMbox('ann'), verb: aVerb('saw') }), aStatement()]
      await store.statements.insert(aBatch(...all))
      const ids = all.map(({ id }) => id)
      const next = await changed(store, ids[1] ?? '', { actor: other })
      await rewrite(store, { rewritten: [next] })
      await rewrite(store, { rewritten: [next] })
      t.same(await storedOf(store, next.id), next)
      t.same(await idsOf(store, {}), ids, 'at the same place')
      t.same(await idsOf(store, { agent: ann }), [])
      t.same(await idsOf(store, { agent: otherKey }), [next.id])
      t.same(await idsOf(store, { verb: aVerb('saw').id }), [next.id])
    })

    t.test('a rewritten statement that is not there is stored', async (t) => {
      const store = await suite.fresh()
      const [first, last] = [aStatement(), aStatement()]
      await store.statements.insert(aBatch(first, last))
      const kept = await storedOf(store, first.id)
      await rewrite(store, { removed: [first.id] })
      await rewrite(store, { rewritten: [kept] })
      t.same(await storedOf(store, first.id), kept)
      t.same(await idsOf(store, {}), [first.id, last.id])
    })

    t.test('what refers to a statement inherits nothing of what was removed', async (t) => {
      const store = await suite.fresh()
      const theirs = aStatement({ actor: withMbox('ann'), verb: aVerb('wrote') })
      const reference = aStatement({ actor: withMbox('ben'), object: refTo(theirs) })
      const further = aStatement({ actor: withMbox('eve'), object: refTo(reference) })
      await store.statements.insert(aBatch(theirs, reference, further))
      t.same(await idsOf(store, { agent: ann }), [theirs.id, reference.id, further.id])
      const same = [await storedOf(store, reference.id), await storedOf(store, further.id)]
      await rewrite(store, { rewritten: [await changed(store, theirs.id, { actor: other }), ...same] })
      t.same(await idsOf(store, { agent: ann }), [])
      t.same(await idsOf(store, { agent: otherKey }), [theirs.id, reference.id, further.id])
      t.same(await idsOf(store, { agent: 'mailto:ben@example.org' }), [reference.id, further.id])
      await rewrite(store, { removed: [theirs.id], rewritten: same })
      t.same(await idsOf(store, { agent: otherKey }), [])
      t.same(await idsOf(store, { verb: aVerb('wrote').id }), [])
      t.same(await idsOf(store, { agent: 'mailto:ben@example.org' }), [reference.id, further.id])
      const late = aStatement({ id: theirs.id, verb: aVerb('returned') })
      await store.statements.insert(aBatch(late))
      t.same((await idsOf(store, { verb: aVerb('returned').id })).sort(), [late.id, reference.id, further.id].sort())
    })

    t.test('a voided statement stays voided, whatever is rewritten', async (t) => {
      const store = await suite.fresh()
      const unwanted = aStatement({ actor: withMbox('ann') })
      const voiding = aVoiding(unwanted, { actor: withMbox('ann') })
      await store.statements.insert(aBatch(unwanted, voiding))
      const both = [
        await changed(store, unwanted.id, { actor: other }),
        await changed(store, voiding.id, { actor: other })
      ]
      for (const rewritten of [both, both.toReversed()]) {
        await rewrite(store, { rewritten })
        t.same(await store.statements.find(unwanted.id, { voided: true }), both[0])
        t.same(await store.statements.find(voiding.id, { voided: false }), both[1])
        t.same(await idsOf(store, { verb: voidedVerb }), [voiding.id])
        t.same(await idsOf(store, { agent: ann }), [])
      }
      await rewrite(store, { removed: [unwanted.id, voiding.id] })
      t.same(await idsOf(store, {}), [])
    })

    t.test('names, descriptions and attachments are forgotten', async (t) => {
      const store = await suite.fresh()
      const [content, kept] = [anAttachment(Buffer.from('theirs')), anAttachment(Buffer.from('of others'))]
      const course = anActivity('course', { name: { en: "Ann's course" } })
      const authority = withMbox('ann')
      const theirs = aStatement({ actor: { ...withMbox('ann'), name: 'Ann' }, object: course, authority })
      await store.statements.insert({ ...aBatch(theirs), attachments: [content, kept], apart: true })
      const [own, apart] = [course.id, apartKey(ann, course.id)]
      const activities = [own, apart]
      t.equal((await store.statements.describe({ activities, verbs: [] })).definitions.size, 2)
      await rewrite(store, {
        removed: [theirs.id],
        attachments: [content.sha2, 'f'.repeat(64)],
        agents: [ann, apartKey(ann, ann)],
        activities
      })
      t.same(await store.statements.agentNames(ann), [])
      t.same(await store.statements.agentNames(apartKey(ann, ann)), [])
      t.equal((await store.statements.describe({ activities, verbs: [] })).definitions.size, 0)
      t.same(
        (await readAll(store.attachments, [content.sha2, kept.sha2])).map(({ sha2 }) => sha2),
        [kept.sha2]
      )
      await store.statements.insert(aBatch(aStatement({ actor: { ...withMbox('ann'), name: 'Ann' }, object: course })))
      t.same(await store.statements.agentNames(ann), ['Ann'], 'and learned again')
      t.equal((await store.statements.describe({ activities: [own], verbs: [] })).definitions.size, 1)
    })

    t.test('a page that was read before is not answered any more', async (t) => {
      const store = await suite.fresh()
      const [theirs, kept] = [aStatement({ actor: withMbox('ann') }), aStatement()]
      await store.statements.insert(aBatch(theirs, kept))
      const frame = { before: '[', after: () => ']' }
      const page = async () =>
        JSON.parse(
          Buffer.from((await store.statements.queryText({ ascending: true, limit: 10 }, frame)).json).toString()
        ) as Statement[]
      for (let time = 0; time < 3; time += 1) t.equal((await page()).length, 2)
      await rewrite(store, { removed: [theirs.id] })
      t.same(
        (await page()).map(({ id }) => id),
        [kept.id]
      )
    })

    t.test('who follows, or reads page by page, goes on after a position that was removed', async (t) => {
      const store = await suite.fresh()
      const all = Array.from({ length: 5 }, () => aStatement({ actor: withMbox('ann') }))
      await store.statements.insert(aBatch(...all))
      const [first, second, third, fourth, fifth] = all.map(({ id }) => id) as [string, string, string, string, string]
      const signal = AbortSignal.timeout(10_000)
      let position: string | undefined
      for await (const batch of store.statements.follow(undefined, { signal, limit: 2, waits: false })) {
        ;({ position } = batch)
        break
      }
      const after = await storedOf(store, second)
      await rewrite(store, { removed: [second], rewritten: [await changed(store, fourth, { actor: other })] })
      const followed: string[] = []
      for await (const { statements } of store.statements.follow(position, { signal, waits: false })) {
        followed.push(...statements.map(({ id }) => id))
      }
      t.same(followed, [third, fourth, fifth], 'each once')
      const { statements } = await store.statements.query({ ascending: true, limit: 10, after })
      t.same(
        statements.map(({ id }) => id),
        [third, fourth, fifth]
      )
      t.same(await idsOf(store, {}), [first, third, fourth, fifth])
    })

    t.test('statements that arrive meanwhile are stored', async (t) => {
      const store = await suite.fresh()
      const theirs = Array.from({ length: 20 }, () => aStatement({ actor: withMbox('ann') }))
      await store.statements.insert(aBatch(...theirs))
      const others = Array.from({ length: 20 }, () => aStatement({ actor: withMbox('ben') }))
      await Promise.all([
        ...others.map((each) => store.statements.insert(aBatch(each))),
        rewrite(store, { removed: theirs.map(({ id }) => id) })
      ])
      t.same((await idsOf(store, {})).sort(), others.map(({ id }) => id).sort())
    })

    t.test('what was rewritten is so after the store was opened again', async (t) => {
      const { backend, reopen } = await suite.open(t)
      if (reopen === undefined) return
      const store = await backend.store()
      const [gone, next, reference] = [
        aStatement({ actor: withMbox('ann') }),
        aStatement({ actor: withMbox('ann') }),
        aStatement({ actor: withMbox('ben') })
      ]
      await store.statements.insert(aBatch(gone, next, reference))
      const text = await changed(store, next.id, { actor: other })
      await rewrite(store, { removed: [gone.id], rewritten: [text] })
      t.ok(Array.isArray(await rewritingOf(store).purge()))
      t.same(await idsOf(store, {}), [next.id, reference.id], 'after the purge')
      const again = await (await reopen()).store()
      t.same(await idsOf(again, {}), [next.id, reference.id])
      t.same(await idsOf(again, { agent: ann }), [])
      t.same(await storedOf(again, next.id), text)
      await again.statements.insert(aBatch(aStatement({ actor: withMbox('ann') })))
      t.equal((await idsOf(again, { agent: ann })).length, 1)
    })
  })
}
