import type { Test } from 'tap'
import { boundInheritance } from '../../../src/lrs/store-statements/inheritance.ts'
import type { Statement } from '../../../src/xapi/statement.ts'
import { byName, judged } from '../../support/judged-store.ts'
import {
  aBatch,
  anActivity,
  anId,
  anonymousGroup,
  aStatement,
  aSubStatement,
  aVerb,
  aVoiding,
  refTo,
  withMbox
} from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

const ann = withMbox('ann')
const ben = withMbox('ben')

export const referenceContract = (t: Test, suite: Suite): void => {
  for (const insert of ['oneByOne', 'together'] as const) {
    for (const order of ['target first', 'target last'] as const) {
      const both = <Target, Referrer>(target: Target, referrer: Referrer) =>
        order === 'target first' ? { target, referrer } : { referrer, target }

      t.test(`a statement is found by every filter that its target meets (${order}, ${insert})`, async (t) => {
        const registration = anId()
        const target = aStatement({
          actor: anonymousGroup(withMbox('zoe'), ann),
          verb: aVerb('passed'),
          object: anActivity('explosives'),
          context: {
            registration: registration.toUpperCase(),
            instructor: withMbox('ivy'),
            contextActivities: { parent: [anActivity('safety')] }
          }
        })
        const statements = both(target, aStatement({ actor: ben, object: refTo(target.id.toUpperCase()) }))
        const { finds } = await byName(t, await suite.fresh(), statements, insert)
        const names = Object.keys(statements) as ('target' | 'referrer')[]
        await finds({ agent: ann }, names)
        await finds({ verb: target.verb.id }, names)
        await finds({ activity: anActivity('explosives').id }, names)
        await finds({ registration }, names)
        await finds({ agent: withMbox('ivy'), relatedAgents: true }, names)
        await finds({ activity: anActivity('safety').id, relatedActivities: true }, names)
        await finds({ agent: withMbox('ivy') }, [])
        await finds({ activity: anActivity('safety').id }, [])
        await finds({ agent: ben }, ['referrer'], 'the target inherits nothing')
        await finds({ agent: ann, verb: target.verb.id, registration }, names, 'several filters met by the target')
      })

      t.test(`each filter is a condition of its own (${order}, ${insert})`, async (t) => {
        const target = aStatement({ actor: ann, verb: aVerb('passed') })
        const referrer = aStatement({ actor: ben, verb: aVerb('confirmed'), object: refTo(target) })
        const { finds } = await byName(t, await suite.fresh(), both(target, referrer), insert)
        await finds({ agent: ben, verb: target.verb.id }, ['referrer'], 'agent met by the referrer, verb by its target')
        await finds(
          { agent: ann, verb: referrer.verb.id },
          ['referrer'],
          'verb met by the referrer, agent by its target'
        )
      })

      t.test(`authority, since and until are judged on the referrer only (${order}, ${insert})`, async (t) => {
        const target = aStatement({ actor: ann, authority: { objectType: 'Agent', ...ann } })
        const referrer = aStatement({ authority: { objectType: 'Agent', ...ben }, object: refTo(target) })
        const { finds, storedAt } = await byName(t, await suite.fresh(), both(target, referrer), insert)
        await finds({ authority: ann }, ['target'])
        await finds({ authority: ben }, ['referrer'])
        await finds({ authority: ben, agent: ann }, ['referrer'])
        await finds({ authority: ann, agent: ann }, ['target'])
        const [first, last] =
          order === 'target first' ? (['target', 'referrer'] as const) : (['referrer', 'target'] as const)
        const at = await storedAt(first === 'target' ? target : referrer)
        await finds({ agent: ann, since: at }, [last])
        await finds({ agent: ann, until: at }, [first])
      })

      t.test(`a voided target is met as any other (${order}, ${insert})`, async (t) => {
        const target = aStatement({ actor: ann })
        const referrer = aStatement({ object: refTo(target) })
        const voiding = aVoiding(target)
        const { finds } = await byName(t, await suite.fresh(), { voiding, ...both(target, referrer) }, insert)
        await finds({ agent: ann }, ['voiding', 'referrer'])
      })
    }

    t.test(`references are followed to any depth, in whatever order they came (${insert})`, async (t) => {
      const target = aStatement({ actor: ann })
      const chain = [target]
      for (let length = 0; length < 4; length += 1) {
        chain.push(aStatement({ object: refTo(chain.at(-1) ?? target), verb: aVerb(`step-${length}`) }))
      }
      const orders = [
        [0, 1, 2, 3, 4],
        [4, 3, 2, 1, 0],
        [2, 0, 4, 1, 3],
        [3, 1, 4, 0, 2],
        [1, 2, 3, 4, 0],
        [4, 0, 3, 1, 2]
      ]
      for (const order of orders) {
        const subject = judged(await suite.fresh())
        const statements = order.flatMap((index) => chain[index] ?? [])
        if (insert === 'together') await subject.insert(...statements)
        else {
          for (const statement of statements) {
            await subject.insert(statement)
            await subject.ask({ agent: ann })
          }
        }
        t.equal((await subject.ask({ agent: ann })).length, 5, `agent of the target, order ${order}`)
        for (const [index, { verb }] of chain.entries()) {
          const verbs = await subject.ask({ verb: verb.id, agent: ann })
          t.equal(verbs.length, 5 - index, `verb of statement ${index}, order ${order}`)
        }
      }
    })

    t.test(`circles and references to oneself end (${insert})`, async (t) => {
      const [one, two, three, self] = [anId(), anId(), anId(), anId()]
      const { finds } = await byName(
        t,
        await suite.fresh(),
        {
          one: aStatement({ id: one, actor: ann, object: refTo(two) }),
          two: aStatement({ id: two, verb: aVerb('turned'), object: refTo(three) }),
          three: aStatement({ id: three, context: { registration: one }, object: refTo(one) }),
          self: aStatement({ id: self, actor: ben, object: refTo(self) }),
          toSelf: aStatement({ object: refTo(self) }),
          toCircle: aStatement({ object: refTo(two) })
        },
        insert
      )
      await finds({ agent: ann }, ['one', 'two', 'three', 'toCircle'])
      await finds({ verb: aVerb('turned').id }, ['one', 'two', 'three', 'toCircle'])
      await finds({ agent: ann, verb: aVerb('turned').id, registration: one }, ['one', 'two', 'three', 'toCircle'])
      await finds({ agent: ben }, ['self', 'toSelf'])
    })

    t.test(`many referrers inherit from one target (${insert})`, async (t) => {
      const id = anId()
      const subject = judged(await suite.fresh())
      const referrers = Array.from({ length: 30 }, () => aStatement({ object: refTo(id) }))
      const indirect = referrers.map((referrer) => aStatement({ object: refTo(referrer) }))
      const statements = [...referrers, ...indirect, aStatement({ id, actor: ann })]
      if (insert === 'together') await subject.insert(...statements)
      else for (const statement of statements) await subject.insert(statement)
      t.equal((await subject.ask({ agent: ann })).length, 61)
    })
  }

  t.test('a StatementRef in context.statement or in a SubStatement has no effect on filters', async (t) => {
    const target = aStatement({ actor: ann })
    const { finds } = await byName(t, await suite.fresh(), {
      before: aStatement({ context: { statement: refTo(target) } }),
      target,
      after: aStatement({ context: { statement: refTo(target) } }),
      inside: aStatement({ object: aSubStatement({ object: refTo(target) }) })
    })
    await finds({ agent: ann }, ['target'])
    await finds({ agent: ann, relatedAgents: true }, ['target'])
  })

  t.test('a reference to what never came is a statement like any other', async (t) => {
    const { finds } = await byName(t, await suite.fresh(), {
      referrer: aStatement({ actor: ann, object: refTo(anId()) })
    })
    await finds({}, ['referrer'])
    await finds({ agent: ann }, ['referrer'])
    await finds({ agent: ben }, [])
  })

  t.test('nothing is inherited from a refused batch', async (t) => {
    const subject = judged(await suite.fresh())
    const id = anId()
    const taken = aStatement()
    await subject.insert(taken, aStatement({ object: refTo(id) }))
    t.equal(await subject.insert(aStatement({ id, actor: ann }), aStatement({ id: taken.id, actor: ben })), undefined)
    t.same(await subject.ask({ agent: ann }), [])
    await subject.insert(aStatement({ id, actor: ben }))
    t.same(await subject.ask({ agent: ann }), [])
    t.equal((await subject.ask({ agent: ben })).length, 2)
  })

  t.test('single reads by id are not affected by references', async (t) => {
    const { statements } = await suite.fresh()
    t.equal(await statements.find(anId(), { voided: false }), undefined)
    const target = anId()
    const referrer = aStatement({ object: refTo(target) })
    await statements.insert({
      statements: [{ id: referrer.id, statement: referrer, textAt: () => '{}' }],
      attachments: [],
      define: true
    })
    t.equal(await statements.find(target, { voided: false }), undefined)
  })

  t.test(
    'what a batch may take over by its references has a bound: beyond it nothing of the batch is there',
    async (t) => {
      const { statements } = await suite.fresh()
      const verb = aVerb('of-many')
      const target = aStatement({ context: { contextActivities: { other: many(30, 'a') } }, verb })
      const refersToTarget = () => aStatement({ object: refTo(target) })
      const insert = (limit: number, ...all: readonly Statement[]) =>
        statements.insert({ ...aBatch(...all), inheritance: boundInheritance(limit)() })
      const isFound = async (limit: number): Promise<boolean> =>
        (await statements.query({ verb: verb.id, ascending: true, limit })).statements.length === limit

      const refused = { code: 'INVALID_STATEMENT', details: { setting: 'RALPH_RUNSERVER_MAX_INHERITED_TERMS' } }
      const another = aStatement()
      const outcomes = await Promise.allSettled([
        insert(100, target, refersToTarget(), refersToTarget(), refersToTarget(), refersToTarget()),
        insert(100, another),
        insert(100, refersToTarget())
      ])
      t.match(outcomes[0], { status: 'rejected', reason: refused }, 'from one to many')
      t.match(
        outcomes.slice(1),
        [{ status: 'fulfilled' }, { status: 'fulfilled' }],
        'neighbours are not refused for it'
      )
      t.equal(await statements.find(target.id, { voided: false }), undefined)
      t.ok(await statements.find(another.id, { voided: false }))

      await t.rejects(insert(20, target), refused, 'to one that waits for it')
      t.notOk(await isFound(1))
      await insert(100, target, refersToTarget())
      t.ok(await isFound(3))

      const chain = Array.from({ length: 12 }, (_, at) => aStatement({ verb: aVerb(`of-link-${at}`) }))
      const links = chain.map((each, at) => ({ ...each, object: refTo(chain[at + 1]?.id ?? anId()) }))
      for (const order of [links, links.toReversed()]) await t.rejects(insert(60, ...order), refused, 'along a chain')
      t.equal((await insert(10_000, ...links)).inserted.length, links.length)
    }
  )
}

const many = (count: number, name: string) => Array.from({ length: count }, (_, at) => anActivity(`${name}-${at}`))
