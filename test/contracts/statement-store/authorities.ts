import type { Test } from 'tap'
import type { LrsStore } from '../../../src/contracts/lrs-backend.ts'
import type { InsertReport, StatementBatch } from '../../../src/contracts/statement-store.ts'
import { markOf } from '../../../src/xapi/attachments.ts'
import { apartKey } from '../../../src/xapi/authority.ts'
import { identifierKey } from '../../../src/xapi/identifier.ts'
import type { Actor, Statement } from '../../../src/xapi/statement.ts'
import { allPages } from '../../support/judged-store.ts'
import {
  aBatch,
  anActivity,
  anAttachment,
  anId,
  anonymousGroup,
  aStatement,
  aVerb,
  aVoiding,
  incoming,
  withAccount,
  withMbox
} from '../../support/statements.ts'
import { readAll } from '../attachment-store.ts'
import type { Suite } from '../open-backend.ts'

const [alice, bob, app] = [withAccount('alice'), withAccount('bob'), withAccount('app')]
const keyOf = (agent: object): string => identifierKey(agent) ?? ''
const by = (agent: Actor, parts: Partial<Statement> = {}) => aStatement({ authority: agent, ...parts })

const saying = (agent: Actor, text: string) =>
  by(agent, {
    actor: { ...withMbox('ann'), name: text },
    verb: { ...aVerb('read'), display: { en: text } },
    object: anActivity('course', { name: { [text]: text } })
  })

/** What is known apart for one authority; undefined: what is known from all. */
const knownTo = async ({ statements }: LrsStore, agent?: object) => {
  const named = (name: string): string => (agent === undefined ? name : apartKey(keyOf(agent), name))
  const [activity, verb] = [named(anActivity('course').id), named(aVerb('read').id)]
  const { definitions, displays } = await statements.describe({ activities: [activity], verbs: [verb] })
  return {
    definition: definitions.get(activity)?.name,
    display: displays.get(verb),
    names: await statements.agentNames(named(keyOf(withMbox('ann'))))
  }
}
const nothing = { definition: undefined, display: undefined, names: [] }

export const authorityContract = (t: Test, suite: Suite): void => {
  t.test('ruling 29: what statements teach is kept apart for each authority, where that is asked for', async (t) => {
    const { backend, reopen } = await suite.open(t)
    const store = await backend.store('apart')
    await store.statements.insert(aBatch(saying(alice, 'before')))
    t.same(await knownTo(store, alice), nothing, 'not unless it is asked for')
    await store.statements.insert({ ...aBatch(saying(alice, 'one'), saying(bob, 'two')), apart: true })
    await store.statements.insert({ ...aBatch(saying(alice, 'three')), apart: true })
    await store.statements.insert({ ...aBatch(saying(alice, 'no')), apart: true, define: false })
    await store.statements.insert({ ...aBatch(saying(anonymousGroup(app, bob), 'both')), apart: true })
    const check = async (store: LrsStore, when: string) => {
      t.same(
        await knownTo(store, alice),
        { definition: { one: 'one', three: 'three' }, display: { en: 'three' }, names: ['one', 'three'] },
        when
      )
      t.same(
        await knownTo(store, bob),
        { definition: { two: 'two', both: 'both' }, display: { en: 'both' }, names: ['two', 'both'] },
        when
      )
      t.same((await knownTo(store, app)).names, ['both'], `${when}, of a Group each member`)
      t.same((await knownTo(store)).names.toSorted(), ['before', 'both', 'one', 'three', 'two'], when)
      t.same(await knownTo(store, withAccount('nobody')), nothing)
    }
    await check(store, 'at once')
    if (reopen) await check(await (await reopen()).store('apart'), 'after a restart')
  })

  t.test('ruling 30: that a new statement did not bring the bytes it names is kept', async (t) => {
    const { backend, reopen } = await suite.open(t)
    const store = await backend.store('marks')
    const attachment = anAttachment(Buffer.from('an essay'))
    const [without, brought] = [by(bob), by(alice)]
    const naming = (statement: Statement): StatementBatch => ({
      ...aBatch(),
      statements: [{ ...incoming(statement), withoutBytes: [attachment.sha2] }]
    })
    await store.statements.insert({ ...aBatch(brought), attachments: [attachment] })
    await store.statements.insert(naming(without))
    await store.statements.insert(naming(brought))
    const check = async ({ attachments }: LrsStore, when: string) => {
      const marks = [without, brought].map(({ id }) => markOf(id, attachment.sha2))
      const found = await readAll(attachments, [...marks, attachment.sha2])
      t.same(
        found.map(({ sha2, content }) => [sha2, Buffer.from(content).toString()]),
        [
          [marks[0], ''],
          [attachment.sha2, 'an essay']
        ],
        `${when}: not of one that was there already`
      )
    }
    await check(store, 'at once')
    if (reopen) await check(await (await reopen()).store('marks'), 'after a restart')
  })

  /** In a store with one statement of alice: what comes of it, and what is stored then. */
  const attempt = async (batchOf: (hers: Statement & { readonly id: string }) => StatementBatch) => {
    const store = await suite.fresh()
    const hers = by(alice)
    await store.statements.insert(aBatch(hers))
    const outcome = await store.statements.insert({ ...batchOf(hers), ownOnly: true }).then(
      (report: InsertReport) => report.inserted.length,
      ({ code }: { readonly code: string }) => code
    )
    const all = await allPages(store, {})
    return [outcome, all.length, (await store.statements.find(hers.id, { voided: false })) !== undefined] as const
  }
  const refused = ['FORBIDDEN', 1, true] as const

  t.test('ruling 31: who may void his own only is refused for what is another’s or not there', async (t) => {
    t.same(await attempt((hers) => aBatch(by(bob), aVoiding(hers, { authority: bob }))), refused, 'another’s')
    t.same(await attempt(() => aBatch(aVoiding(anId(), { authority: bob }), by(bob))), refused, 'unknown')
    t.same(await attempt((hers) => aBatch(hers, aVoiding(hers, { authority: bob }))), refused, 'another’s, sent along')
    t.same(
      await attempt((hers) => aBatch(aVoiding(hers, { authority: anonymousGroup(alice, bob) }))),
      refused,
      'of a Group all must have stored it'
    )
    t.same(await attempt((hers) => aBatch(aVoiding(hers, { authority: alice }))), [1, 1, false], 'one’s own')
    const [one, other] = [by(bob), by(bob)]
    t.same(
      await attempt(() => aBatch(one, aVoiding(one, { authority: bob }), aVoiding(other, { authority: bob }), other)),
      [4, 3, true],
      'of the same batch, before and after'
    )
  })

  t.test('ruling 31: concurrent requests are judged each by itself', async (t) => {
    const { statements } = await suite.fresh()
    const [hers, his] = [by(alice), by(bob)]
    await statements.insert(aBatch(hers, his))
    const outcomes = await Promise.allSettled(
      [aVoiding(hers, { authority: bob }), aVoiding(his, { authority: bob }), by(bob), by(alice)].map((statement) =>
        statements.insert({ ...aBatch(statement), ownOnly: true })
      )
    )
    t.same(
      outcomes.map(({ status }) => status),
      ['rejected', 'fulfilled', 'fulfilled', 'fulfilled']
    )
    t.ok(await statements.find(hers.id, { voided: false }))
    t.ok(await statements.find(his.id, { voided: true }))
  })

  t.test('ruling 31: an equal statement of another authority is a conflict, one’s own is not', async (t) => {
    const conflict = ['STATEMENT_CONFLICT', 1, true] as const
    t.same(await attempt((hers) => aBatch(by(bob), { ...hers, authority: bob })), conflict)
    t.same(await attempt((hers) => aBatch({ ...hers, authority: bob, verb: aVerb('guessed') })), conflict)
    t.same(await attempt((hers) => aBatch(hers)), [0, 1, true])
  })
}
