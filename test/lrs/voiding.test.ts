import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { type Client, forEachBackend } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { refTo } from '../support/statements.ts'

const voided = 'http://adlnet.gov/expapi/verbs/voided'
const voiding = (target: { readonly id: string }) => sent({ verb: { id: voided }, object: refTo(target) })

const statusOf = async (asker: Client, query: Record<string, string>): Promise<number> =>
  (await asker.get(query)).status

/** 200 to which of the two ways to ask. */
const found = async (asker: Client, { id }: { readonly id: string }) => ({
  statementId: await statusOf(asker, { statementId: id }),
  voidedStatementId: await statusOf(asker, { voidedStatementId: id })
})
const there = { statementId: 200, voidedStatementId: 404 }
const gone = { statementId: 404, voidedStatementId: 200 }

forEachBackend(t, (t, lrs) => {
  t.test('ruling 9: a voided statement is in no list, and read by voidedStatementId only', async (t) => {
    const asker = lrs.fresh()
    const [target, other] = [sent(), sent()]
    const about = sent({ object: refTo(target) })
    const void1 = voiding(target)
    await asker.store(target, other, about)
    t.same(await found(asker, target), there)
    await asker.store(void1)
    t.same(await found(asker, target), gone)
    t.same(await found(asker, other), there)
    t.same(await found(asker, void1), there)
    t.same(await asker.list(), [void1.id, about.id, other.id], 'what refers to it and what voids it stay')
    const { id, verb } = jsonOf(await asker.get({ voidedStatementId: target.id }))
    t.same({ id, verb }, { id: target.id, verb: target.verb })
  })

  t.test('ruling 10: voiding takes effect when the target comes later, or in the same batch', async (t) => {
    const asker = lrs.fresh()
    const [late, together] = [sent(), sent()]
    await asker.store(voiding(late))
    t.same(await found(asker, late), { statementId: 404, voidedStatementId: 404 }, 'not there yet')
    await asker.store(late)
    t.same(await found(asker, late), gone)
    await asker.store(voiding(together), together)
    t.same(await found(asker, together), gone)
  })

  t.test('ruling 10: a voiding statement is never voided, whichever of the two came first', async (t) => {
    const asker = lrs.fresh()
    const target = sent()
    const [first, second] = [voiding(target), voiding(target)]
    await asker.store(target, first)
    await asker.store(voiding(first))
    t.same(await found(asker, first), there)
    t.same(await found(asker, target), gone, 'it stays voided')
    await asker.store(voiding(second))
    await asker.store(second)
    t.same(await found(asker, second), there)
  })

  t.test('ruling 10: unknown and already voided targets are not refused, in both versions', async (t) => {
    for (const version of ['1.0.3', '2.0.0'] as const) {
      const asker = lrs.fresh(version)
      const target = sent()
      await asker.store(voiding(sent()))
      await asker.store(target, voiding(target))
      await asker.store(voiding(target))
      t.same(await found(asker, target), gone, version)
    }
  })

  t.test('Data §2.3.2: the Object of a voiding statement is a StatementRef', async (t) => {
    const asker = lrs.fresh()
    const answer = await asker.post(sent({ verb: { id: voided } }))
    t.equal(answer.status, 400)
    t.equal(jsonOf(answer).problems[0].rule, 'voidingRefersToStatement')
    t.same(await asker.list(), [])
  })
})
