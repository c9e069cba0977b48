import type { Test } from 'tap'
import { maxPageSize } from '../../../src/xapi/filters.ts'
import { allPages, judged } from '../../support/judged-store.ts'
import { asQuery, type Question } from '../../support/oracle.ts'
import { aBatch, aStatement, aVerb, aVoiding, withMbox } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

const ann = withMbox('ann')

export const pagingContract = (t: Test, suite: Suite): void => {
  t.test('a page holds at most limit statements and says whether more follow', async (t) => {
    const store = await suite.fresh()
    const statements = Array.from({ length: 5 }, () => aStatement())
    await store.statements.insert(aBatch(...statements))
    for (const [limit, more] of [
      [1, true],
      [4, true],
      [5, false],
      [6, false]
    ] as const) {
      const page = await store.statements.query(asQuery({ limit }))
      t.equal(page.statements.length, Math.min(limit, 5))
      t.equal(page.more, more, `limit ${limit} of 5`)
    }
  })

  t.test('a page of large statements ends early, and says that more follow', async (t) => {
    const store = await suite.fresh()
    const large = (part: number) => aStatement({ actor: ann, result: { response: 'x'.repeat(part * maxPageSize) } })
    const statements = [large(0.2), large(0.2), large(1.1), large(0.7), large(0.7)]
    for (const statement of statements) await store.statements.insert(aBatch(statement))
    for (const question of [{}, { agent: ann }]) {
      const { count, newest, end, json } = await store.statements.queryText(asQuery(question), {
        before: '',
        after: () => ''
      })
      t.equal(count, 1)
      t.ok(json.byteLength < maxPageSize && newest !== undefined && end !== undefined)
      const ids = (await allPages(store, question, { mayEndEarly: true })).map(({ id }) => id)
      t.same(ids, statements.map(({ id }) => id).reverse())
    }
  })

  t.test('more counts only what matches and is not voided', async (t) => {
    const store = await suite.fresh()
    const mine = { actor: ann, authority: ann }
    const [matching, voided] = [aStatement(mine), aStatement(mine)]
    await store.statements.insert(aBatch(aStatement(), voided, matching, aStatement()))
    await store.statements.insert(aBatch(aVoiding(voided)))
    for (const ascending of [true, false]) {
      const page = await store.statements.query(asQuery({ agent: ann, authority: ann, limit: 1, ascending }))
      t.equal(page.statements[0]?.id, matching.id)
      t.equal(page.more, false)
    }
  })

  t.test('the newest come first unless ascending is asked for', async (t) => {
    const store = await suite.fresh()
    const ids: string[] = []
    for (let count = 0; count < 5; count += 1) {
      const statement = aStatement()
      await store.statements.insert(aBatch(statement))
      ids.push(statement.id)
    }
    const order = async (question: Question) => (await allPages(store, question)).map(({ id }) => id)
    t.same(await order({ ascending: true }), ids)
    t.same(await order({}), ids.toReversed())
    t.same(await order({ limit: 2, ascending: true }), ids)
    t.same(await order({ limit: 2 }), ids.toReversed())
  })

  t.test('pages of every size make up the whole answer, in both directions', async (t) => {
    const subject = judged(await suite.fresh())
    const statements = Array.from({ length: 12 }, (_, index) => aStatement(index % 3 === 0 ? { actor: ann } : {}))
    await subject.insert(...statements)
    for (const question of [{}, { agent: ann }, { agent: ann, verb: aVerb('did').id }]) {
      for (const ascending of [true, false]) {
        for (const limit of [1, 2, 3, 4, 5, 12, 13]) {
          const found = await subject.ask({ ...question, ascending, limit })
          t.equal(found.length, 'agent' in question ? 4 : 12)
        }
      }
    }
  })

  t.test('a page can go on after any position, between statements too', async (t) => {
    const subject = judged(await suite.fresh())
    const statements = Array.from({ length: 3 }, () => aStatement())
    await subject.insert(...statements)
    let found = 0
    for (const statement of statements) {
      const stored = await subject.storedAt(statement)
      for (const id of ['00000000-0000-0000-0000-000000000000', statement.id, 'ffffffff-ffff-ffff-ffff-ffffffffffff']) {
        for (const ascending of [true, false]) {
          for (const bound of [{}, { since: stored - 1 }, { until: stored }]) {
            found += (await subject.ask({ after: { stored, id }, ascending, ...bound })).length
          }
        }
      }
    }
    // Each of three positions, before, at and behind each of three statements; the oracle said the same of all.
    t.equal(found, 54)
  })

  t.test('a walk shows each statement that was there once, while others write and void', async (t) => {
    for (const ascending of [true, false]) {
      const { statements, ...others } = await suite.fresh()
      const store = { statements, ...others }
      const there = Array.from({ length: 60 }, (_, index) => aStatement(index % 2 === 0 ? { actor: ann } : {}))
      for (let start = 0; start < there.length; start += 20) {
        await statements.insert(aBatch(...there.slice(start, start + 20)))
      }
      const unwanted = new Set(there.filter((_, index) => index % 10 === 0).map(({ id }) => id))
      let writing = true
      const write = async (): Promise<void> => {
        for (const id of unwanted) {
          await statements.insert(aBatch(aStatement({ actor: ann }), aVoiding(id, { actor: ann }), aStatement()))
        }
        while (writing) await statements.insert(aBatch(aStatement({ actor: ann }), aStatement()))
      }
      const writer = write()
      let pages = 0
      const found = await allPages(
        store,
        { ascending, limit: 4, agent: ann },
        {
          betweenPages: async () => {
            pages += 1
            await statements.insert(aBatch(aStatement({ actor: ann })))
            // An ascending walk would otherwise follow the writer for ever.
            if (pages === 10) writing = false
          }
        }
      ).finally(() => {
        writing = false
      })
      await writer
      const ids = found.map(({ id }) => id)
      t.equal(new Set(ids).size, ids.length, 'no statement twice')
      const expected = there.filter((_, index) => index % 2 === 0).map(({ id }) => id)
      const seen = ids.filter((id) => expected.includes(id))
      const kept = expected.filter((id) => !unwanted.has(id))
      t.same(
        seen.filter((id) => !unwanted.has(id)),
        ascending ? kept : kept.toReversed(),
        'each that was there and is not voided, in order'
      )
      const times = found.map(({ stored }) => stored)
      t.same(
        times,
        times.toSorted((one, other) => (ascending ? one - other : other - one)),
        'in order'
      )
    }
  })
}
