import fc from 'fast-check'
import type { Test } from 'tap'
import type { LrsBackend } from '../../src/contracts/lrs-backend.ts'
import {
  type Activity,
  type Actor,
  type Agent,
  type Context,
  contextActivityKinds,
  type Group,
  type Statement,
  type StatementRef,
  type SubStatement,
  voidedVerb
} from '../../src/xapi/statement.ts'
import { aClock } from '../support/clock.ts'
import { allPages, findAny, type JudgedStore, judged } from '../support/judged-store.ts'
import type { Question } from '../support/oracle.ts'
import { anActivity, aStatement, aVerb, withAccount, withMbox, withOpenid, withSha1 } from '../support/statements.ts'
import type { OpenBackend } from './open-backend.ts'

/** Pools are small, so that statements meet each other: refer to, void and collide with one another. */
const agents: readonly Agent[] = [
  withMbox('ann'),
  withAccount('ann'),
  withSha1('ann'),
  withOpenid('ann'),
  withMbox('ben')
]
const activities: readonly Activity[] = ['one', 'two', 'three'].map((name) => anActivity(name))
const verbs = [aVerb('one'), aVerb('two')]
const registrations = ['a', 'b'].map(
  (digit) => `${digit.repeat(8)}-${digit.repeat(4)}-4${digit.repeat(3)}-8${digit.repeat(3)}-${digit.repeat(12)}`
)
/** Their order is not that of their numbers. */
const ids = Array.from({ length: 14 }, (_, index) => {
  const digits = ((index * 5 + 3) % 14).toString(16)
  return `${digits.repeat(8)}-${digits.repeat(4)}-4000-8000-${digits.repeat(12)}`
})

const oneOf = <Value>(values: readonly Value[]): fc.Arbitrary<Value> => fc.constantFrom(...values)
/** There in so many of a hundred cases. */
const maybe = <Value>(arbitrary: fc.Arbitrary<Value>, percent = 50): fc.Arbitrary<Value | undefined> =>
  fc.oneof({ weight: percent, arbitrary }, { weight: 100 - percent, arbitrary: fc.constant(undefined) })
/** An object without the keys whose value is undefined. */
const record = <Shape extends object>(shape: { [key in keyof Shape]: fc.Arbitrary<unknown> }) =>
  fc
    .record<unknown>({ ...shape })
    .map((one) => Object.fromEntries(Object.entries(one).filter(([, value]) => value !== undefined)))

const agent = oneOf(agents)
const group: fc.Arbitrary<Group> = fc
  .tuple(maybe(agent), fc.array(agent, { minLength: 1, maxLength: 2 }))
  .map(([identifier, member]) => ({ ...identifier, objectType: 'Group', member }))
const actor: fc.Arbitrary<Actor> = fc.oneof({ weight: 3, arbitrary: agent }, { weight: 1, arbitrary: group })
const activity = oneOf(activities)
const ref: fc.Arbitrary<StatementRef> = fc
  .tuple(oneOf(ids), fc.boolean())
  .map(([id, upper]) => ({ objectType: 'StatementRef', id: upper ? id.toUpperCase() : id }))
const actorAsObject: fc.Arbitrary<Actor> = actor.map((one) => ({ objectType: 'Agent', ...one }) as Actor)

const context = record<Context>({
  registration: maybe(oneOf([...registrations, ...registrations.map((each) => each.toUpperCase())])),
  instructor: maybe(actor),
  team: maybe(group),
  contextActivities: maybe(
    record(
      Object.fromEntries(
        contextActivityKinds.map((kind) => [
          kind,
          maybe(fc.oneof(activity, fc.array(activity, { minLength: 1, maxLength: 2 })))
        ])
      )
    )
  ),
  contextAgents: maybe(
    fc.array(
      agent.map((each) => ({ objectType: 'contextAgent', agent: each }) as const),
      { minLength: 1, maxLength: 2 }
    )
  ),
  contextGroups: maybe(group.map((each) => [{ objectType: 'contextGroup', group: each }] as const)),
  statement: maybe(ref)
}) as fc.Arbitrary<Context>

const subStatement = fc
  .tuple(actor, oneOf(verbs), fc.oneof(activity, actorAsObject, ref), maybe(context))
  .map(([one, verb, object, inside]): SubStatement => {
    const base = { objectType: 'SubStatement', actor: one, verb, object } as const
    return inside === undefined ? base : { ...base, context: inside }
  })

const statement: fc.Arbitrary<Statement> = fc
  .tuple(
    oneOf(ids),
    actor,
    fc.oneof({ weight: 4, arbitrary: oneOf(verbs) }, { weight: 1, arbitrary: fc.constant({ id: voidedVerb }) }),
    fc.oneof(
      { weight: 3, arbitrary: ref },
      { weight: 2, arbitrary: activity },
      { weight: 1, arbitrary: actorAsObject },
      { weight: 2, arbitrary: subStatement }
    ),
    maybe(context),
    actor,
    ref
  )
  .map(([id, one, verb, object, inside, authority, target]) =>
    aStatement({
      id,
      actor: one,
      verb,
      // The verb `voided` demands a StatementRef (Data §2.3.2): validation lets nothing else through.
      object: verb.id === voidedVerb ? target : object,
      authority,
      ...(inside === undefined ? {} : { context: inside })
    })
  )

/** `since` and `until` as the index of a statement and how many microseconds beside it. */
type Bound = readonly [index: number, beside: number]
interface Asked {
  readonly question: Question
  readonly since: Bound | undefined
  readonly until: Bound | undefined
}

const bound = fc.tuple(fc.nat({ max: ids.length }), oneOf([-1, 0, 1]))
const asked: fc.Arbitrary<Asked> = fc.record({
  question: record<Question>({
    agent: maybe(agent, 40),
    relatedAgents: maybe(fc.boolean()),
    verb: maybe(oneOf([...verbs.map(({ id }) => id), voidedVerb]), 30),
    activity: maybe(oneOf(activities.map(({ id }) => id)), 30),
    relatedActivities: maybe(fc.boolean()),
    registration: maybe(oneOf(registrations), 20),
    authority: maybe(agent, 10),
    ascending: fc.boolean(),
    limit: oneOf([1, 2, 3, 5, 1000])
  }) as fc.Arbitrary<Question>,
  since: maybe(bound, 15),
  until: maybe(bound, 15)
})

const questions = fc.array(asked, { minLength: 4, maxLength: 8 })
/** What a client sees happen: batches, and after each of them questions. */
const history = fc.array(
  fc.record({
    batch: fc.uniqueArray(statement, { selector: ({ id }) => id, minLength: 1, maxLength: 4 }),
    questions
  }),
  { minLength: 1, maxLength: 6 }
)

const timeOf = async (subject: JudgedStore, [index, beside]: Bound): Promise<number> => {
  const all = subject.oracle.ids()
  const id = all[index % Math.max(all.length, 1)]
  return id === undefined ? beside : (await subject.storedAt({ id })) + beside
}

const ask = async (subject: JudgedStore, { question, since, until }: Asked): Promise<number> => {
  const found = await subject.ask({
    ...question,
    ...(since === undefined ? {} : { since: await timeOf(subject, since) }),
    ...(until === undefined ? {} : { until: await timeOf(subject, until) })
  })
  return found.length
}

const checkFinds = async (subject: JudgedStore): Promise<void> => {
  for (const id of ids) {
    for (const voided of [true, false]) {
      const [found, expected] = [
        await subject.store.statements.find(id, { voided }),
        subject.oracle.find(id, { voided })
      ]
      if ((found === undefined) !== (expected === undefined)) {
        throw new Error(
          `find ${id}, voided ${voided}: the store says ${found?.text}, the oracle ${JSON.stringify(expected)}`
        )
      }
    }
  }
}

const freshTargets = (backend: LrsBackend) => {
  let targets = 0
  return async (): Promise<JudgedStore> => {
    targets += 1
    return judged(await backend.store(`property_${targets}`))
  }
}

export interface PropertyOptions {
  /** Histories that are tried; each has up to 24 statements and 48 questions, and a target of its own. */
  readonly runs?: number
}

/**
 * Random statements and random queries: the store must answer as the oracle does. A failure is printed with the seed
 * and the path that repeat it (`fc.assert(…, { seed, path })`).
 */
export const propertyContract = (
  t: Test,
  name: string,
  open: OpenBackend,
  { runs = 200 }: PropertyOptions = {}
): void => {
  t.test(`${name} answers as the oracle does`, async (t) => {
    const clock = aClock()
    const { backend } = await open(t, clock.now)
    const fresh = freshTargets(backend)

    t.test('every question, after every batch', async (t) => {
      let [answered, answeredWithSome] = [0, 0]
      await fc.assert(
        fc.asyncProperty(history, async (steps) => {
          const subject = await fresh()
          for (const step of steps) {
            await subject.insert(...step.batch)
            for (const each of step.questions) {
              answered += 1
              if ((await ask(subject, each)) > 0) answeredWithSome += 1
            }
          }
          await checkFinds(subject)
        }),
        { numRuns: runs, seed: 20_261_121 }
      )
      t.ok(
        answeredWithSome > answered / 4,
        `${runs} histories, ${answeredWithSome} of ${answered} questions found something`
      )
    })

    t.test('the order in which statements come makes no difference to what is found', async (t) => {
      await fc.assert(
        fc.asyncProperty(
          fc.uniqueArray(statement, { selector: ({ id }) => id, minLength: 2, maxLength: 8 }),
          fc.infiniteStream(fc.nat()),
          fc.array(asked, { minLength: 4, maxLength: 8 }),
          async (statements, numbers, asks) => {
            const [straight, shuffled] = [await fresh(), await fresh()]
            await straight.insert(...statements)
            const left = [...statements]
            while (left.length > 0) {
              const [taken] = left.splice((numbers.next().value ?? 0) % left.length, 1)
              if (taken) await shuffled.insert(taken)
            }
            for (const { question } of asks) {
              const [one, other] = [await straight.ask(question), await shuffled.ask(question)]
              if (one.toSorted().join() !== other.toSorted().join()) throw new Error(`${one} is not ${other}`)
            }
          }
        ),
        { numRuns: Math.ceil(runs / 2), seed: 20_261_122 }
      )
      t.pass(`${Math.ceil(runs / 2)} orders`)
    })

    t.test('a walk in pages shows what was there once and in order, while others write', async (t) => {
      await fc.assert(
        fc.asyncProperty(history, asked, async (steps, { question }) => {
          const subject = await fresh()
          const [first, ...rest] = steps
          await subject.insert(...(first?.batch ?? []))
          const before = new Set(await subject.ask({ ...question, limit: 1000 }))
          const walked = await allPages(subject.store, question, {
            betweenPages: async () => {
              const next = rest.shift()
              if (next) await subject.insert(...next.batch)
            }
          })
          const seen = walked.map(({ id }) => id)
          if (new Set(seen).size !== seen.length) throw new Error(`a statement was shown twice: ${seen}`)
          const times = walked.map(({ stored }) => stored)
          const sorted = times.toSorted((one, other) => (question.ascending ? one - other : other - one))
          if (times.join() !== sorted.join()) throw new Error(`out of order: ${times}`)
          const valid = new Set(await subject.ask({ ...question, limit: 1000 }))
          for (const id of before) {
            if (valid.has(id) && !seen.includes(id)) throw new Error(`${id} was passed over`)
          }
          for (const id of seen) {
            if ((await findAny(subject.store, id)) === undefined) throw new Error(`${id} is not there`)
          }
        }),
        { numRuns: Math.ceil(runs / 2), seed: 20_261_123 }
      )
      t.pass(`${Math.ceil(runs / 2)} walks`)
    })
  })
}
