import type { Test } from 'tap'
import { voidedVerb } from '../../../src/xapi/statement.ts'
import { byName, judged } from '../../support/judged-store.ts'
import { aBatch, anId, aStatement, aSubStatement, aVoiding, refTo, withMbox } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

const ann = withMbox('ann')

export const voidingContract = (t: Test, suite: Suite): void => {
  const isVoided = async (statements: Awaited<ReturnType<Suite['fresh']>>['statements'], id: string) => {
    const [voided, valid] = [await statements.find(id, { voided: true }), await statements.find(id, { voided: false })]
    if ((voided === undefined) === (valid === undefined)) throw new Error(`${id} is both voided and not, or neither`)
    return voided !== undefined
  }

  for (const [order, insert] of [
    ['before', 'oneByOne'],
    ['in the same batch as', 'together']
  ] as const) {
    t.test(`a target stored ${order} its voiding statement is in no list and found as voided only`, async (t) => {
      const target = aStatement({ actor: ann })
      const voiding = aVoiding(target, { actor: ann })
      const { finds, store } = await byName(t, await suite.fresh(), { target, voiding }, insert)
      await finds({}, ['voiding'])
      await finds({ agent: ann }, ['voiding'])
      await finds({ verb: target.verb.id }, ['voiding'], 'through its reference')
      t.equal(await isVoided(store.statements, target.id), true)
      t.equal(await isVoided(store.statements, voiding.id), false)
      t.equal((await store.statements.find(target.id, { voided: true }))?.id, target.id)
    })

    t.test(`a target stored after its voiding statement is voided (${insert})`, async (t) => {
      const target = aStatement({ actor: ann })
      const voiding = aVoiding(target.id.toUpperCase())
      const { finds, store } = await byName(t, await suite.fresh(), { voiding, target }, insert)
      await finds({}, ['voiding'])
      t.equal(await isVoided(store.statements, target.id), true)
    })

    t.test(`a voiding statement is never voided, whichever comes first (${insert})`, async (t) => {
      const target = aStatement()
      const voiding = aVoiding(target)
      const undoing = aVoiding(voiding)
      for (const order of [
        { target, voiding, undoing },
        { undoing, voiding, target },
        { voiding, undoing, target },
        { undoing, target, voiding }
      ]) {
        const { store, ask } = await byName(t, await suite.fresh(), order, insert)
        t.same((await ask({})).toSorted(), [voiding.id, undoing.id].toSorted())
        t.equal(await isVoided(store.statements, target.id), true)
        t.equal(await isVoided(store.statements, voiding.id), false)
        t.equal(await isVoided(store.statements, undoing.id), false)
      }
    })
  }

  t.test('statements that refer to a voided one stay in lists and are still found by its properties', async (t) => {
    const target = aStatement({ actor: ann })
    const { finds } = await byName(t, await suite.fresh(), {
      target,
      voiding: aVoiding(target),
      comment: aStatement({ object: refTo(target) }),
      inContext: aStatement({ context: { statement: refTo(target) } })
    })
    await finds({}, ['voiding', 'comment', 'inContext'])
    await finds({ agent: ann }, ['voiding', 'comment'])
  })

  t.test('voiding twice, voiding what is not there and voiding oneself are accepted', async (t) => {
    const target = aStatement()
    const id = anId()
    const { finds, store } = await byName(t, await suite.fresh(), {
      target,
      voiding: aVoiding(target),
      again: aVoiding(target),
      nothing: aVoiding(anId()),
      itself: aVoiding(id, { id })
    })
    await finds({}, ['voiding', 'again', 'nothing', 'itself'])
    t.equal(await isVoided(store.statements, target.id), true)
    t.equal(await isVoided(store.statements, id), false)
  })

  t.test('only the verb "voided" with a StatementRef as Object voids', async (t) => {
    const target = aStatement()
    const { finds } = await byName(t, await suite.fresh(), {
      target,
      otherVerb: aStatement({ verb: { id: `${voidedVerb}-not` }, object: refTo(target) }),
      inContext: aStatement({ verb: { id: voidedVerb }, context: { statement: refTo(target) }, object: refTo(anId()) }),
      inSubStatement: aStatement({
        object: aSubStatement({ verb: { id: voidedVerb }, object: refTo(target) })
      })
    })
    await finds({}, ['target', 'otherVerb', 'inContext', 'inSubStatement'])
  })

  t.test('a voided statement stored again is already there and stays voided', async (t) => {
    const { statements } = await suite.fresh()
    const target = aStatement()
    await statements.insert(aBatch(target, aVoiding(target)))
    t.same(await statements.insert(aBatch(target)), { inserted: [], already: [target.id] })
    t.equal(await isVoided(statements, target.id), true)
  })

  t.test('a refused batch voids nothing', async (t) => {
    const subject = judged(await suite.fresh())
    const [target, taken] = [aStatement(), aStatement()]
    await subject.insert(target, taken)
    t.equal(await subject.insert(aVoiding(target), aStatement({ id: taken.id, actor: ann })), undefined)
    t.equal(await isVoided(subject.store.statements, target.id), false)
    await subject.ask({})
    const waiting = anId()
    t.equal(await subject.insert(aVoiding(waiting), aStatement({ id: taken.id, actor: ann })), undefined)
    await subject.insert(aStatement({ id: waiting }))
    t.equal(await isVoided(subject.store.statements, waiting), false)
  })
}
