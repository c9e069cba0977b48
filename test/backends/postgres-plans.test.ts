import t from 'tap'
import { type Database, openDatabase } from '../../src/backends/postgres/connect.ts'
import { createCopy } from '../../src/backends/postgres/copy.ts'
import { prepareDatabase } from '../../src/backends/postgres/migrate.ts'
import { settingsOf } from '../../src/backends/postgres/names.ts'
import { createQueries } from '../../src/backends/postgres/query.ts'
import type { Query } from '../../src/backends/postgres/query-text.ts'
import { createStore, numberOfTarget } from '../../src/backends/postgres/store.ts'
import { aClock } from '../support/clock.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { asQuery, type Question } from '../support/oracle.ts'
import { aSchema } from '../support/postgres.ts'
import { aBatch, anActivity, anId, aStatement, aVerb, withMbox } from '../support/statements.ts'

/** What EXPLAIN says of a step of a plan. */
interface Step {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly Plans?: readonly Step[]
}

const stepsOf = (step: Step): Step[] => [step, ...(step.Plans ?? []).flatMap(stepsOf)]

const engine = await engineFor('postgres')

if ('missing' in engine) t.test('plans of postgres', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())

  t.test('every question is answered from a sorted range of an index, without sorting', async (t) => {
    const database = openDatabase(settingsOf({ connectionUri: engine.url, schema: aSchema(t, engine.url) }))
    t.teardown(() => database.close())
    await prepareDatabase(database)
    const target = await numberOfTarget(database, 'plans')
    const { now } = aClock()
    const store = createStore(database, target, { clock: now, writeDelay: 0, longList: undefined })
    t.teardown(() => store.close())
    const [ann, ben, registration] = [withMbox('ann'), withMbox('ben'), anId()]
    const statements = Array.from({ length: 3000 }, (_, index) =>
      aStatement({
        actor: index % 1000 === 0 ? ann : withMbox(`somebody-${index % 50}`),
        verb: aVerb(index % 2 === 0 ? 'even' : 'odd'),
        object: anActivity(`course-${index % 2}`),
        authority: ben,
        context: { registration }
      })
    )
    await store.statements.insert(aBatch(...statements))

    /** The plans by which questions are answered, as they were carried out. */
    const plans: Step[] = []
    const explained: Database = {
      ...database,
      read: async <Row extends readonly unknown[]>(query: Query<Row>) => {
        const { values, planning } = query
        const text = `EXPLAIN (ANALYZE, FORMAT JSON) ${query.text}`
        const [row] = await database.read<[readonly [{ readonly Plan: Step }]]>({
          name: undefined,
          text,
          values,
          ...(planning === undefined ? {} : { planning })
        })
        if (row !== undefined) plans.push(row[0][0].Plan)
        return database.read(query)
      }
    }
    /** Lists are taken for long from this length on. */
    const plansFor = async (question: Question, longList = 100): Promise<readonly Step[]> => {
      plans.length = 0
      await createQueries(explained, target, longList).query(asQuery(question))
      return plans.flatMap(stepsOf)
    }
    const scans = (steps: readonly Step[]): Step[] =>
      steps.filter((step) => /Scan/.test(step['Node Type']) && !/Subquery|Function|CTE/.test(step['Node Type']))

    const verb = aVerb('even').id
    const questions: Readonly<Record<string, Question>> = {
      everything: {},
      agent: { agent: ann },
      'agent, related': { agent: ben, relatedAgents: true },
      verb: { verb },
      activity: { activity: anActivity('course-0').id },
      'activity, related': { activity: anActivity('course-0').id, relatedActivities: true },
      registration: { registration },
      authority: { authority: ben },
      'a rare agent and a frequent verb': { agent: ann, verb },
      'a frequent verb and a frequent activity': { verb, activity: anActivity('course-0').id },
      'two that never meet': { verb, activity: anActivity('course-1').id },
      'five at once': { agent: ann, verb, activity: anActivity('course-0').id, registration, authority: ben },
      'four frequent ones': { verb, activity: anActivity('course-0').id, registration, authority: ben }
    }
    for (const [name, question] of Object.entries(questions)) {
      for (const ascending of [true, false]) {
        const steps = await plansFor({ ...question, ascending, limit: 20 })
        const kinds = new Set(steps.map((step) => step['Node Type']))
        t.notOk(
          [...kinds].some((kind) => /Sort|Seq Scan|Bitmap|Hash/.test(kind)),
          `${name}: ${[...kinds]}`
        )
        for (const step of scans(steps)) {
          t.ok(
            /^(entry_pkey|statement_pkey|statement_shown)$/.test(step['Index Name'] ?? ''),
            `${name}: ${step['Index Name']}`
          )
        }
      }
    }

    /** The plan of the page itself; lists may have been counted before. */
    const pagePlanFor = async (question: Question): Promise<readonly Step[]> => {
      await plansFor({ limit: 20, ...question })
      const page = plans.at(-1)
      return page === undefined ? [] : stepsOf(page)
    }

    t.test('a rare list is gone through, and the long one only looked up', async (t) => {
      const rows = scans(await pagePlanFor({ agent: ann, verb })).map(
        (step) => step['Actual Rows'] * step['Actual Loops']
      )
      t.ok(rows.length === 3 && Math.max(...rows) === 3, `${rows}`)
    })

    t.test('lists that never meet are read once, side by side', async (t) => {
      const steps = await pagePlanFor({ verb, activity: anActivity('course-1').id })
      t.ok(steps.some((step) => step['Node Type'] === 'Merge Join'))
      const read = scans(steps).filter((step) => step['Index Name'] === 'entry_pkey')
      t.same(
        read.map((step) => step['Actual Loops']),
        [1, 1]
      )
    })

    t.test('a page reads no more of long lists than it shows', async (t) => {
      const wide = { agent: ben, relatedAgents: true }
      for (const question of [{}, { verb }, wide, { verb, activity: anActivity('course-0').id }, { ...wide, verb }]) {
        const rows = scans(await pagePlanFor(question)).map((step) => step['Actual Rows'] * step['Actual Loops'])
        t.ok(Math.max(...rows) <= 45, `${rows}`)
      }
    })

    t.test('a copy reads both of its lists in order', async (t) => {
      plans.length = 0
      const { statements } = createCopy(explained, target, {
        insert: store.statements.insert,
        consistentThrough: store.statements.consistentThrough,
        restore: async () => ({ inserted: [], already: [] }),
        rewrite: async () => {},
        close: async () => {}
      })
      await statements(undefined, 20)
      const steps = plans.flatMap(stepsOf)
      t.notOk(steps.some((step) => /Sort|Seq Scan|Bitmap/.test(step['Node Type'])))
      t.same(new Set(scans(steps).map((step) => step['Index Name'])), new Set(['statement_shown', 'statement_voided']))
    })
  })
}
