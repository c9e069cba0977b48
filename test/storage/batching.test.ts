import t from 'tap'
import { RalphError } from '../../src/errors.ts'
import { createBatchedWriter } from '../../src/storage/batching/batched-writer.ts'
import { isInheritable } from '../../src/storage/batching/tokens.ts'
import { contextOf, type OpenBackend } from '../contracts/open-backend.ts'
import { propertyContract } from '../contracts/property.ts'
import { statementStoreContract } from '../contracts/statement-store.ts'
import { aBatch, aStatement, aVerb, aVoiding, withMbox } from '../support/statements.ts'
import { createTables, engineOn, openShared, type SharedTables } from './shared-table.ts'

const open: OpenBackend = async (t, clock) => {
  const all = new Map<string, SharedTables>()
  const tablesOf = (target: string): SharedTables => {
    const tables = all.get(target) ?? createTables()
    all.set(target, tables)
    return tables
  }
  const backend = openShared(contextOf(t, clock, t.testdir()), tablesOf)
  t.teardown(() => backend.close())
  return { backend }
}

statementStoreContract(t, 'rounds on shared tables', open)
propertyContract(t, 'rounds on shared tables', open, { runs: 60 })

const clock = (): number => Date.now() * 1000

t.test('what concurrent requests bring is written in few rounds', async (t) => {
  const tables = createTables()
  const rounds = createBatchedWriter({ engine: engineOn(tables), clock, delay: 0 })
  const reports = await Promise.all(Array.from({ length: 100 }, () => rounds.insert(aBatch(aStatement()))))
  t.equal(reports.flatMap(({ inserted }) => inserted).length, 100)
  t.ok(tables.rounds <= 2, `${tables.rounds} rounds`)
})

t.test('who sent what the engine refuses is told so, and nobody else in the round', async (t) => {
  const tables = createTables()
  const bad = aStatement()
  const engine = engineOn(tables, ({ statements }) => {
    if (statements.some(({ id }) => id === bad.id)) throw new RalphError('INVALID_STATEMENT', 'too deep')
  })
  const rounds = createBatchedWriter({ engine, clock, delay: 0 })
  const outcomes = await Promise.allSettled(
    [aStatement(), bad, aStatement()].map((each) => rounds.insert(aBatch(each)))
  )
  t.same(
    outcomes.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled']
  )
  t.equal(tables.statements.size, 2)
})

t.test('an engine that is away fails the whole round, and nothing of it is written', async (t) => {
  const tables = createTables()
  let away = true
  const engine = engineOn(tables, () => {
    if (away) throw new RalphError('STORE_UNAVAILABLE', 'away')
  })
  const rounds = createBatchedWriter({ engine, clock, delay: 0 })
  const failed = await Promise.allSettled([aStatement(), aStatement()].map((each) => rounds.insert(aBatch(each))))
  t.ok(failed.every(({ status }) => status === 'rejected'))
  t.equal(tables.statements.size, 0)
  away = false
  await rounds.insert(aBatch(aStatement()))
  t.equal(tables.statements.size, 1)
})

t.test('statements whose writer died before they were linked are linked by the next round', async (t) => {
  const tables = createTables()
  const engine = engineOn(tables)
  const rounds = createBatchedWriter({ engine, clock, delay: 0 })
  const unwanted = aStatement({ verb: aVerb('unwanted') })
  const voiding = aVoiding(unwanted, { actor: { ...withMbox('ann'), name: 'Ann' } })
  await rounds.insert(aBatch(unwanted, voiding))
  const [whole, victim] = [tables.statements.get(voiding.id), tables.statements.get(unwanted.id)]
  if (whole === undefined || victim === undefined) throw new Error('both are there')
  const own = whole.tokens.filter((token) => !isInheritable(token) || !victim.tokens.includes(token))
  tables.statements.set(voiding.id, { ...whole, tokens: own })
  tables.statements.set(unwanted.id, { ...victim, voided: false })
  tables.names.clear()
  const begin = async () => ({ ...(await engine.begin()), unfinished: [voiding.id] })
  const next = createBatchedWriter({ engine: { begin }, clock, delay: 0 })
  await next.restore([], [])
  t.equal(tables.statements.get(unwanted.id)?.voided, true)
  t.same([...(tables.statements.get(voiding.id)?.tokens ?? [])].sort(), [...whole.tokens].sort())
  t.same(
    [...tables.names.values()].flatMap((names) => [...names]),
    ['Ann']
  )
})

t.test('what a round has learned is written, even if it has no statements', async (t) => {
  const tables = createTables()
  const engine = engineOn(tables)
  const one = aStatement({ actor: { ...withMbox('ann'), name: 'Ann' } })
  await createBatchedWriter({ engine, clock, delay: 0 }).insert(aBatch(one))
  tables.names.clear()
  const begin = async () => ({ ...(await engine.begin()), unfinished: [one.id] })
  await createBatchedWriter({ engine: { begin }, clock, delay: 0 }).restore([], [])
  t.equal(tables.names.size, 1)
})
