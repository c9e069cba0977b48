import { isDeepStrictEqual } from 'node:util'
import t from 'tap'
import { sampleStatements } from '../../src/sample/index.ts'
import { validateStatement } from '../../src/validation/statement.ts'
import { isStatementRef, isSubStatement, type Statement, voids } from '../../src/xapi/statement.ts'
import { everyActivity } from '../../src/xapi/terms.ts'
import { parseMicros } from '../../src/xapi/timestamp.ts'
import { versions } from '../../src/xapi/version.ts'

const count = 5000
const sample = [...sampleStatements({ count })]

t.test('there are as many statements as were asked for', async (t) => {
  for (const wanted of [0, 1, 100]) t.equal([...sampleStatements({ count: wanted })].length, wanted)
  t.equal(sample.length, count)
})

t.test('the same seed gives the same statements, and a longer run begins with the shorter one', async (t) => {
  const again = [...sampleStatements({ count: 500, seed: 1 })]
  t.ok(isDeepStrictEqual(again, sample.slice(0, 500)))
})

t.test('another seed gives other statements', async (t) => {
  const ids = new Set(sample.map(({ id }) => id))
  for (const seed of [0, 2, -1, 2 ** 40 + 1]) {
    t.notOk(
      [...sampleStatements({ count: 500, seed })].some(({ id }) => ids.has(id)),
      { seed }
    )
  }
})

t.test('no two statements have the same id', async (t) => {
  const ids = new Set<string | undefined>()
  for (const { id } of sampleStatements({ count: 100_000, seed: 3 })) ids.add(id)
  t.equal(ids.size, 100_000)
})

for (const version of versions) {
  t.test(`every statement is valid in ${version}`, async (t) => {
    const invalid: unknown[] = []
    for (const statement of sampleStatements({ count: 22_000, version })) {
      // As a client sends it: what JSON cannot say is gone.
      const problems = validateStatement(JSON.parse(JSON.stringify(statement)), version)
      if (problems.length > 0) invalid.push({ problems, statement })
    }
    t.same(invalid.slice(0, 3), [])
  })
}

t.test('timestamps go forward, from the given start, at the pace of a campus', async (t) => {
  const start = Date.UTC(2024, 1, 29) * 1000
  const instants = Array.from(sampleStatements({ count, start }), ({ timestamp }) => parseMicros(timestamp ?? '') ?? 0)
  // Some clients cut off what is finer than a millisecond.
  const backwards = instants.filter((instant, index) => instant < (instants[index - 1] ?? start) - 1000)
  t.same(backwards, [])
  const days = ((instants.at(-1) ?? 0) - start) / 86_400_000_000
  t.ok(days > 0.05 && days < 30, { days })
})

t.test('voiding and other references name statements that came before, and never a voiding statement', async (t) => {
  const told = new Map<string, Statement>()
  let references = 0
  let voidings = 0
  const wrong: Statement[] = []
  for (const statement of sampleStatements({ count: 20_000 })) {
    if (isStatementRef(statement.object)) {
      references++
      if (!told.has(statement.object.id)) wrong.push(statement)
    }
    const target = voids(statement)
    if (target !== undefined) {
      voidings++
      const targeted = told.get(target)
      if (targeted === undefined || voids(targeted) !== undefined) wrong.push(statement)
    }
    told.set(statement.id ?? '', statement)
  }
  t.same(wrong, [])
  t.ok(references > 20, { references })
  t.ok(voidings > 3, { voidings })
})

t.test('there is something for every filter and every kind of Object', async (t) => {
  const kinds = new Set(sample.map(({ object }) => object.objectType))
  t.same([...kinds].sort(), ['Activity', 'Agent', 'Group', 'StatementRef', 'SubStatement'])
  const has = (what: string, holds: (statement: Statement) => unknown): void => {
    t.ok(sample.some(holds), what)
  }
  has('a Group as Actor', ({ actor }) => actor.objectType === 'Group')
  has('an mbox', ({ actor }) => actor.mbox)
  has('an mbox_sha1sum', ({ actor }) => actor.mbox_sha1sum)
  has('an openid', ({ actor }) => actor.openid)
  has('an account', ({ actor }) => actor.account)
  has('a registration', ({ context }) => context?.registration)
  has('an Instructor', ({ context }) => context?.instructor)
  has('a Team', ({ context }) => context?.team)
  has('an attachment', ({ attachments }) => attachments?.[0]?.fileUrl)
  has('a score', ({ result }) => result?.score)
  has('an interaction', ({ object }) => 'definition' in object && object.definition?.interactionType)
  has(
    'contextActivities in a SubStatement',
    ({ object }) => isSubStatement(object) && object.context?.contextActivities
  )
  const languages = new Set<string>()
  for (const statement of sample) {
    for (const { definition } of everyActivity(statement)) {
      for (const language of Object.keys(definition?.name ?? {})) languages.add(language)
    }
  }
  t.ok(languages.size >= 6, { languages: [...languages] })
})

t.test('2.0.0 has contextAgents and contextGroups, 1.0.3 has not', async (t) => {
  const withContextAgents = (statement: Statement) => statement.context?.contextAgents !== undefined
  t.notOk(sample.some(withContextAgents))
  t.ok([...sampleStatements({ count, version: '2.0.0' })].some(withContextAgents))
})

t.test('statements are as large as those that video players and quizzes send: about 1.2 kB', async (t) => {
  let bytes = 0
  for (const statement of sample) bytes += Buffer.byteLength(JSON.stringify(statement))
  const average = bytes / count
  t.ok(average > 1000 && average < 1400, { average })
})
