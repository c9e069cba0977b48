import type { Test } from 'tap'
import { maxPageSize } from '../../../src/xapi/filters.ts'
import { aBatch, anId, aStatement, aVoiding, refTo } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

export const byIdsContract = (t: Test, suite: Suite): void => {
  t.test('statements are found by their ids, voided or not, each once, with their texts', async (t) => {
    const { statements } = await suite.fresh()
    const [valid, voided, other] = [aStatement(), aStatement(), aStatement()]
    const voiding = aVoiding(voided)
    await statements.insert(aBatch(valid, voided, other))
    await statements.insert(aBatch(voiding))
    const ids = [voided.id, anId(), valid.id, voiding.id, valid.id]
    const page = await statements.findAll(ids)
    t.equal(page.more, false)
    const found = new Map(page.statements.map((each) => [each.id, each]))
    t.equal(page.statements.length, 3)
    t.same(found.get(valid.id), await statements.find(valid.id, { voided: false }))
    t.same(found.get(voiding.id), await statements.find(voiding.id, { voided: false }))
    t.same(found.get(voided.id), await statements.find(voided.id, { voided: true }))
    t.same(await statements.findAll([]), { statements: [], more: false })
    t.same(await statements.findAll([anId()]), { statements: [], more: false })
  })

  t.test('an id to which statements refer is not there by that', async (t) => {
    const { statements } = await suite.fresh()
    const missing = anId()
    await statements.insert(aBatch(aStatement({ object: refTo(missing) })))
    t.same(await statements.findAll([missing]), { statements: [], more: false })
  })

  t.test('more statements than a page holds come when they are asked for again', async (t) => {
    const { statements } = await suite.fresh()
    const large = () => aStatement({ result: { response: 'x'.repeat(maxPageSize * 0.4) } })
    const all = [large(), large(), large(), aStatement({ result: { response: 'x'.repeat(maxPageSize + 1) } })]
    for (const each of all) await statements.insert(aBatch(each))
    const left = new Set(all.map(({ id }) => id))
    let asked = 0
    for (let more = true; more; asked += 1) {
      const page = await statements.findAll([...left])
      const size = page.statements.reduce((sum, { text }) => sum + text.length, 0)
      t.ok(page.statements.length > 0 && (page.statements.length === 1 || size <= maxPageSize))
      for (const { id } of page.statements) t.ok(left.delete(id), 'asked for')
      more = page.more
    }
    t.equal(left.size, 0)
    t.ok(asked >= 3)
  })

  t.test('many ids are one question', async (t) => {
    const { statements } = await suite.fresh()
    const all = Array.from({ length: 500 }, () => aStatement())
    await statements.insert(aBatch(...all))
    const page = await statements.findAll([...all.map(({ id }) => id), ...Array.from({ length: 500 }, anId)])
    t.equal(page.statements.length, 500)
    t.same(new Set(page.statements.map(({ id }) => id)), new Set(all.map(({ id }) => id)))
  })
}
