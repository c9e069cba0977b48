import { type Document, MongoServerError } from 'mongodb'
import t, { type Test } from 'tap'
import { openCollections } from '../../src/backends/mongo/collections.ts'
import { createConnection } from '../../src/backends/mongo/connect.ts'
import { type FindPlan, planAll, planFind, tokensOfQuery } from '../../src/backends/mongo/find-plan.ts'
import { createLeadingToken } from '../../src/backends/mongo/first-filter.ts'
import { collectionsOf } from '../../src/backends/mongo/names.ts'
import { prepareCollections } from '../../src/backends/mongo/schema.ts'
import { RalphError } from '../../src/errors.ts'
import type { StatementQuery } from '../../src/xapi/filters.ts'
import { identifierKey } from '../../src/xapi/identifier.ts'
import { engineFor } from '../support/engines/engine-for.ts'
import { aDatabase, collection, server } from '../support/mongo.ts'
import { aBatch, anActivity, anId, aStatement, aVerb, withMbox } from '../support/statements.ts'

const ann = withMbox('ann')
const annKey = identifierKey(ann) ?? ''
const [registration, rare] = [anId(), aVerb('rare')]
const first = { ascending: false, limit: 10 } as const

/** One of each filter, of which many statements but no others than these are found. */
const questions: Readonly<Record<string, StatementQuery>> = {
  'no filter': first,
  agent: { ...first, agent: annKey },
  'related agents': { ...first, agent: annKey, relatedAgents: true },
  verb: { ...first, verb: aVerb('did').id },
  activity: { ...first, activity: anActivity('something').id },
  'related activities': { ...first, activity: anActivity('something').id, relatedActivities: true },
  registration: { ...first, registration },
  'since and until': { ...first, since: 1, until: Number.MAX_SAFE_INTEGER },
  'a later page': { ...first, verb: aVerb('did').id, after: { stored: Number.MAX_SAFE_INTEGER, id: 'f' } },
  'oldest first': { ...first, verb: aVerb('did').id, ascending: true, after: { stored: 1, id: '0' } },
  'a rare verb of a common agent': { ...first, agent: annKey, verb: rare.id }
}

const stagesIn = (plan: Document): string[] => {
  const inner = [plan.inputStage, ...(plan.inputStages ?? [])].filter((stage) => stage !== undefined)
  return [plan.stage, ...inner.flatMap((stage: Document) => stagesIn(stage))]
}

const engine = await engineFor('mongo')

if ('missing' in engine) t.test('plans of MongoDB', { skip: engine.missing }, async () => {})
else {
  t.teardown(() => engine.stop())
  const { options, db } = await aDatabase(t, engine.url)
  const store = await server(t, options).store()
  const parts = { actor: ann, context: { registration } }
  for (let batch = 0; batch < 5; batch += 1) {
    await store.statements.insert(aBatch(...Array.from({ length: 100 }, () => aStatement(parts))))
  }
  await store.statements.insert(aBatch(aStatement({ ...parts, verb: rare })))
  const last = (await store.statements.consistentThrough()) + 1
  const statements = db.collection(collection)
  const keys = new Map((await statements.listIndexes().toArray()).map(({ name, key }) => [name, Object.keys(key)]))

  const check = async (t: Test, { filter, sort, hint }: FindPlan, hasToken: boolean): Promise<void> => {
    const key = keys.get(hint)
    t.same(
      key,
      [...(hasToken ? ['ralph.tokens'] : []), ...Object.keys(sort)],
      'one token, and then the order of answers'
    )
    const conditions = JSON.stringify(filter)
    t.equal(conditions.split('"ralph.tokens":').length - 1, hasToken ? 1 : 0, 'one range')
    t.equal(new Set(Object.values(sort)).size, 1, 'in one direction')
    const cursor = statements.find(filter, { sort, hint, limit: first.limit })
    try {
      const { queryPlanner, executionStats } = await cursor.explain('executionStats')
      const stages = stagesIn(queryPlanner.winningPlan.queryPlan ?? queryPlanner.winningPlan)
      t.notOk(stages.includes('SORT') || stages.includes('COLLSCAN'), stages.join())
      t.ok(executionStats.totalKeysExamined <= first.limit + 5, `${executionStats.totalKeysExamined} keys`)
    } catch (error) {
      if (!(error instanceof MongoServerError) || !/no such command/.test(error.message)) throw error
      t.comment('not shown by a server: an emulator does not explain')
    }
  }

  for (const [name, query] of Object.entries(questions)) {
    t.test(`${name}: one range of an index that is in the order of answers`, async (t) => {
      const leading = tokensOfQuery(query).at(-1)
      await check(t, planFind(query, leading, { last, gaps: [] }), leading !== undefined)
      const { statements: page } = await store.statements.query(query)
      t.ok(page.length > 0)
    })
  }

  t.test('all statements, voided or not: the same', async (t) => {
    await check(t, planAll({ ...first, ascending: true }, { last, gaps: [] }), false)
  })

  t.test('of several conditions the one that fewest statements meet leads', async (t) => {
    const connection = createConnection(options.connectionUri, options.database)
    t.teardown(() => connection.close())
    const leadingOf = createLeadingToken(await openCollections(connection, collectionsOf(collection, undefined)))
    const query = { ...first, agent: annKey, verb: rare.id, registration }
    const tokens = tokensOfQuery(query)
    const [rarest] = tokensOfQuery({ ...first, verb: rare.id })
    t.equal(await leadingOf(tokens, undefined), rarest)
    t.equal(await leadingOf(tokens.toReversed(), undefined), rarest)
    t.equal(await leadingOf([], undefined), undefined)
  })

  t.test('who may not make indexes is told what to run, and needs nothing more than that', async (t) => {
    const own = await aDatabase(t, engine.url)
    const names = collectionsOf(collection, 'own')
    const connection = createConnection(own.options.connectionUri, own.options.database)
    t.teardown(() => connection.close())
    const refuse = async (): Promise<never> => {
      throw new MongoServerError({ message: 'not authorized', code: 13 })
    }
    // The emulator knows of no rights.
    const restricted = {
      ...connection,
      patiently: refuse
    }
    const refusal: unknown = await prepareCollections(restricted, names).catch((error: unknown) => error)
    t.match(refusal, { code: 'STORE_UNAVAILABLE', message: `grant readWrite on ${own.options.database}` })
    const commands = refusal instanceof RalphError ? refusal.details.commands : undefined
    if (!Array.isArray(commands)) throw new Error(String(refusal))
    const form = /^db\.getSiblingDB\((".+")\)\.getCollection\((".+")\)\.createIndex\((\{.*?\}), (\{.*\})\)$/
    for (const command of commands) {
      const [database, name, key, rest] = (form.exec(String(command)) ?? []).slice(1).map((text) => JSON.parse(text))
      t.equal(database, own.options.database)
      await own.db.collection(name).createIndex(key, rest)
    }
    t.equal(commands.length, 9)
    await prepareCollections(restricted, names)
  })
}
