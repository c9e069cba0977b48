import t from 'tap'
import { openClickhouse } from '../../src/backends/clickhouse/lrs.ts'
import type { LrsStore } from '../../src/contracts/lrs-backend.ts'
import { contextOf } from '../contracts/open-backend.ts'
import { aDatabase, askClickhouse, aWire } from '../support/clickhouse.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { asQuery, type Question } from '../support/oracle.ts'
import { aBatch, anActivity, aStatement, aVerb, refTo, withAccount, withMbox } from '../support/statements.ts'

const engine = await engineFor('clickhouse')

const registrationOf = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** What is rare and what is frequent, and what never meets. */
const statementOf = (number: number) =>
  aStatement({
    actor: number % 100 === 1 ? withMbox('ann') : withMbox(`learner-${number % 700}`),
    verb: aVerb(['opened', 'read', 'left', 'passed'][number % 4] ?? ''),
    object: anActivity(`page-${number % 50}`),
    context: {
      registration: registrationOf(number % 900),
      contextActivities: { parent: [anActivity('course')] },
      instructor: withMbox('ben')
    }
  })

const questions: Readonly<Record<string, Question>> = {
  none: {},
  agent: { agent: withMbox('ann') },
  'agent, related_agents': { agent: withMbox('ben'), relatedAgents: true },
  verb: { verb: aVerb('read').id },
  activity: { activity: anActivity('page-7').id },
  'activity, related_activities': { activity: anActivity('course').id, relatedActivities: true },
  registration: { registration: registrationOf(77) },
  authority: { authority: withAccount('lms') },
  'agent and verb': { agent: withMbox('ann'), verb: aVerb('read').id },
  'verb and activity': { verb: aVerb('left').id, activity: anActivity('page-6').id },
  'verb, activity and authority': {
    verb: aVerb('left').id,
    activity: anActivity('page-6').id,
    authority: withAccount('lms')
  },
  'two that never meet': { verb: aVerb('read').id, activity: anActivity('page-6').id },
  'an agent that nobody knows': { agent: withMbox('nobody') }
}

if ('missing' in engine) t.test('plans of clickhouse', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { url } = engine

  t.test('a page costs about the same in a store four times as large', { timeout: 120_000 }, async (t) => {
    const options = await aDatabase(t, url)
    const wire = await aWire(t, url)
    const open = async (): Promise<LrsStore> => {
      const backend = await openClickhouse({ ...options, ...wire.options }, contextOf(t, aClock().now, ''))
      t.teardown(() => backend.close())
      return backend.store()
    }
    const store = await open()
    let filled = 0
    const fill = async (size: number): Promise<void> => {
      for (; filled < size; filled += 1000) {
        const numbers = Array.from({ length: 1000 }, (_, index) => filled + index)
        await store.statements.insert(aBatch(...numbers.map(statementOf)))
      }
      // As it is after a while: one part, in which every list is long.
      for (const table of ['statement', 'entry']) {
        await askClickhouse(url, `OPTIMIZE TABLE ${options.database}.\`lrs$${table}\` FINAL`)
      }
    }
    const measure = async (): Promise<ReadonlyMap<string, number>> => {
      const rows = new Map<string, number>()
      for (const [name, question] of Object.entries(questions)) {
        for (const ascending of [true, false]) {
          wire.rowsRead = 0
          await store.statements.query({ ...asQuery(question), ascending, limit: 20 })
          rows.set(`${name}, ${ascending ? 'oldest' : 'newest'} first`, wire.rowsRead)
        }
      }
      return rows
    }
    await fill(6000)
    const small = await measure()
    await fill(24_000)
    const large = await measure()
    for (const [name, before] of small) {
      const after = large.get(name) ?? 0
      // Of lists that are short everything is read until they are as long as what is read of long ones.
      const growth = / and |never/.test(name) ? 2.5 : 1.3
      t.ok(after > 0 && after < growth * before + 4096, `${name}: ${before} rows are read, then ${after}`)
    }
  })

  t.test('an id and what refers to it is found by the index', async (t) => {
    const options = await aDatabase(t, url)
    const wire = await aWire(t, url)
    const backend = await openClickhouse({ ...options, ...wire.options }, contextOf(t, aClock().now, ''))
    t.teardown(() => backend.close())
    const { statements } = await backend.store()
    const target = aStatement()
    await statements.insert(aBatch(target))
    for (let count = 0; count < 5; count += 1) {
      await statements.insert(aBatch(...Array.from({ length: 1000 }, (_, index) => statementOf(index))))
    }
    await askClickhouse(url, `OPTIMIZE TABLE ${options.database}.\`lrs$entry\` FINAL`)
    wire.rowsRead = 0
    await statements.find(target.id, { voided: false })
    t.ok(wire.rowsRead > 0 && wire.rowsRead < 4096, `${wire.rowsRead} rows are read`)
    wire.rowsRead = 0
    await statements.insert(aBatch(aStatement({ object: refTo(target) })))
    t.ok(wire.rowsRead < 8192, `${wire.rowsRead} rows are read to store a reference`)
  })
}
