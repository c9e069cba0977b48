import t from 'tap'
import type { Statement } from '../../src/xapi/statement.ts'
import { jsonOf } from '../support/answer.ts'
import { type Client, forEachBackend, startLrs } from '../support/lrs.ts'
import { agentOf } from '../support/lrs-users.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import {
  anActivity,
  anId,
  anonymousGroup,
  aSubStatement,
  aVerb,
  identifiedGroup,
  refTo,
  withAccount,
  withMbox
} from '../support/statements.ts'

const put = (asker: Client, id: string, body: unknown) =>
  asker.send('PUT', '/xAPI/statements', { query: { statementId: id }, body })

forEachBackend(t, (t, lrs) => {
  t.test('ruling 14: a batch is stored whole or not at all, and ids come back in order', async (t) => {
    const asker = lrs.fresh()
    const good = Array.from({ length: 5 }, () => sent())
    const answer = await asker.post([...good.slice(0, 3), { ...sent(), verb: {} }, ...good.slice(3)])
    t.equal(answer.status, 400)
    t.same(
      jsonOf(answer).problems.map(({ index }: { index: number }) => index),
      [3],
      'the offending statement is named'
    )
    t.same(await asker.list(), [])
    t.same(
      await asker.store(...good),
      good.map(({ id }) => id)
    )
    const { id: _, ...withoutId } = sent()
    const [first, second, third] = await asker.store(withoutId, sent(), withoutId)
    t.match(first, /^[\da-f]{8}-/)
    t.not(first, third)
    t.same((await asker.list({ ascending: true })).slice(5), [first, second, third])
  })

  t.test('ruling 14: every problem of every statement of a batch is named', async (t) => {
    const asker = lrs.fresh()
    const answer = await asker.post([{ ...sent(), actor: {} }, sent(), { ...sent(), extra: 1, object: { id: 'a' } }])
    const { error, message, problems } = jsonOf(answer)
    t.equal(error, 'INVALID_STATEMENT')
    t.match(message, /^Statement 0 at \/actor/)
    t.same(new Set(problems.map(({ index }: { index: number }) => index)), new Set([0, 2]))
    for (const problem of problems) {
      t.match(problem, { pointer: /^\/|^$/, rule: /\w/, expected: /\w/ })
    }
    t.ok(problems.some(({ pointer }: { pointer: string }) => pointer === '/extra'))
    t.ok(problems.some(({ pointer }: { pointer: string }) => pointer === '/object/id'))
  })

  t.test('ruling 14: two statements of the same id in a batch are 400, in both versions', async (t) => {
    for (const version of ['1.0.3', '2.0.0'] as const) {
      const asker = lrs.fresh(version)
      const statement = sent()
      for (const twin of [statement, { ...statement, id: statement.id.toUpperCase() }, sent({ id: statement.id })]) {
        const answer = await asker.post([statement, sent(), twin])
        t.equal(answer.status, 400, version)
        t.same(jsonOf(answer).problems[0], {
          index: 2,
          pointer: '/id',
          rule: 'uniqueIds',
          expected: 'an id that no other statement of the batch has'
        })
      }
      t.same(await asker.list(), [])
    }
  })

  t.test('ruling 15: the same statement again is no conflict, another one under its id is 409', async (t) => {
    const asker = lrs.fresh()
    const statement = sent()
    t.equal((await put(asker, statement.id, statement)).status, 204)
    const first = await asker.read(statement.id)
    t.equal((await put(asker, statement.id, statement)).status, 204)
    t.same(await asker.store(statement), [statement.id])
    t.same(await asker.store(statement, sent()).then(([id]) => id), statement.id)
    for (const answer of [
      await put(asker, statement.id, { ...statement, verb: aVerb('other') }),
      await asker.post({ ...statement, actor: withMbox('other') })
    ]) {
      t.equal(answer.status, 409)
      t.equal(jsonOf(answer).error, 'STATEMENT_CONFLICT')
      t.equal(jsonOf(answer).statementId, statement.id)
    }
    t.same(await asker.read(statement.id), first, 'nothing changed')
    const fresh = sent()
    const batch = await asker.post([fresh, { ...statement, verb: aVerb('other') }])
    t.equal(batch.status, 409)
    t.equal((await asker.get({ statementId: fresh.id })).status, 404, 'nothing of the batch was stored')
  })

  t.test('ruling 15: of many at once under one id one is stored, all others are 409', async (t) => {
    const asker = lrs.fresh()
    const id = anId()
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => asker.post(sent({ id, actor: withMbox(`user${index}`) })))
    )
    t.same(answers.map(({ status }) => status).sort(), [200, ...Array(11).fill(409)])
    t.same(await asker.list(), [id])
    const same = sent()
    const equal = await Promise.all(Array.from({ length: 8 }, () => asker.post(same)))
    t.ok(
      equal.every(({ status }) => status === 200),
      'the same one, at once'
    )
    t.same(await asker.list(), [same.id, id])
  })

  t.test('ruling 16: what does not count when statements are compared', async (t) => {
    const asker = lrs.fresh()
    const [alice, bob] = [withMbox('alice'), withMbox('bob')]
    const statement = {
      ...sent({
        actor: anonymousGroup(alice, bob),
        verb: { ...aVerb('read'), display: { en: 'read' } },
        object: anActivity('course', { name: { en: 'A course' } }),
        context: { contextActivities: { parent: [anActivity('a'), anActivity('b')], other: [anActivity('c')] } },
        result: { duration: 'PT1.5S' }
      }),
      timestamp: '2026-11-21T10:00:00Z'
    }
    await asker.store(statement)
    const same: Readonly<Record<string, object>> = {
      'the order of members': { ...statement, actor: anonymousGroup(bob, alice) },
      'display of the Verb': { ...statement, verb: { ...statement.verb, display: { de: 'las' } } },
      'definition of the Activity': { ...statement, object: anActivity('course') },
      'the offset of the timestamp': { ...statement, timestamp: '2026-11-21T11:00:00.000+01:00' },
      'a single contextActivities value': {
        ...statement,
        context: { contextActivities: { parent: [anActivity('b'), anActivity('a')], other: anActivity('c') } }
      },
      'the domain of an mbox': { ...statement, actor: anonymousGroup({ mbox: 'mailto:alice@EXAMPLE.ORG' }, bob) },
      'what the server assigns': {
        ...statement,
        stored: '2020-01-01T00:00:00Z',
        version: '1.0.1',
        authority: { objectType: 'Agent', ...alice }
      },
      'the case of its id': { ...statement, id: statement.id.toUpperCase() },
      'the order of keys': Object.fromEntries(Object.entries(statement).reverse())
    }
    for (const [what, each] of Object.entries(same)) t.equal((await asker.post(each)).status, 200, what)
    const different: Readonly<Record<string, object>> = {
      'another instant': { ...statement, timestamp: '2026-11-21T10:00:00.001Z' },
      'the local part of an mbox': { ...statement, actor: anonymousGroup({ mbox: 'mailto:Alice@example.org' }, bob) },
      'a missing context': { ...statement, context: undefined },
      'a duration written otherwise, in 1.0.3': { ...statement, result: { duration: 'PT1.50S' } },
      'one member less': { ...statement, actor: anonymousGroup(alice) }
    }
    for (const [what, each] of Object.entries(different)) t.equal((await asker.post(each)).status, 409, what)
  })

  t.test('ruling 16: a timestamp given by the server makes no difference', async (t) => {
    const asker = lrs.fresh()
    const statement = sent()
    await asker.store(statement)
    t.equal((await asker.post(statement)).status, 200)
    t.equal((await asker.post(await asker.read(statement.id))).status, 200, 'as it was read back')
  })

  t.test('ruling 16: in 2.0 durations compare to a hundredth of a second, cut off and not rounded', async (t) => {
    const asker = lrs.fresh('2.0.0')
    const statement = sent({ result: { duration: 'PT1.126S' } })
    await asker.store(statement)
    const withDuration = (duration: string) => asker.post({ ...statement, result: { duration } })
    t.equal((await withDuration('PT1.129S')).status, 200)
    t.equal((await withDuration('PT1.12S')).status, 200)
    t.equal((await withDuration('PT1.13S')).status, 409)
  })

  t.test('ruling 17: `stored` and `authority` are the server’s, a missing timestamp equals `stored`', async (t) => {
    const asker = lrs.as('mine')
    const forged = {
      ...sent(),
      stored: '2001-01-01T00:00:00Z',
      authority: { objectType: 'Agent', ...withMbox('president') }
    }
    const before = new Date().toISOString()
    await asker.store(forged)
    const { stored = '', timestamp, authority } = await asker.read(forged.id)
    t.ok(stored >= before.slice(0, 19), stored)
    t.equal(timestamp, stored)
    t.same(authority, { objectType: 'Agent', ...agentOf(asker.username) })
  })

  t.test('ruling 17: timestamps keep their instant', async (t) => {
    const asker = lrs.fresh()
    for (const timestamp of [
      '2026-11-21T10:00:00.123456789+05:30',
      '2024-02-29T23:59:59-12:00',
      '2016-12-31T23:59:60Z',
      '0001-01-01T00:00:00Z',
      '9999-12-31T23:59:59.999Z'
    ]) {
      const statement = { ...sent(), timestamp }
      await asker.store(statement)
      t.equal((await asker.read(statement.id)).timestamp, timestamp)
    }
    for (const timestamp of ['2026-11-21T10:00:00-00:00', '2026-11-21T10:00:00-0000', '2023-02-29T00:00:00Z']) {
      t.equal((await asker.post({ ...sent(), timestamp })).status, 400, timestamp)
    }
  })

  t.test('ruling 17: who holds authority/write may say who asserts a statement', async (t) => {
    const authority = { objectType: 'Agent', ...withAccount('teacher') } as const
    const group = { objectType: 'Group', member: [withAccount('app'), withMbox('teacher')] } as const
    const speaker = lrs.as('speaker')
    const [one, two] = await speaker.store({ ...sent(), authority }, { ...sent(), authority: group })
    t.same((await speaker.read(one)).authority, authority)
    t.same((await speaker.read(two)).authority, group)
    const [own] = await speaker.store(sent())
    t.same((await speaker.read(own)).authority, { objectType: 'Agent', ...agentOf('speaker') })
    const [other] = await lrs.as('writer').store({ ...sent(), authority })
    t.same((await speaker.read(other)).authority, { objectType: 'Agent', ...agentOf('writer') })
  })

  t.test('Communication §2.1.1: PUT takes the id of the request, and one statement only', async (t) => {
    const asker = lrs.fresh()
    const { id, ...withoutId } = sent()
    t.equal((await put(asker, id.toUpperCase(), withoutId)).status, 204)
    t.equal((await asker.read(id)).id?.toLowerCase(), id)
    t.equal((await put(asker, anId(), sent())).status, 400, 'another id')
    t.equal((await put(asker, id, [{ ...withoutId }])).status, 400, 'a list of one')
    t.equal((await put(asker, id, [])).status, 400, 'an empty list')
    const upper = sent({ id: anId().toUpperCase() })
    t.equal((await put(asker, upper.id.toLowerCase(), upper)).status, 204)
    t.same(await asker.list({ ascending: true }).then((ids) => ids.map((each) => each.toLowerCase())), [
      id,
      upper.id.toLowerCase()
    ])
    t.equal((await asker.get({ statementId: upper.id.toLowerCase() })).status, 200, 'ids have no case')
  })

  t.test('Communication §2.4, 2.5: /agents and /activities tell what all statements say', async (t) => {
    const asker = lrs.fresh()
    const agent = withAccount('alice')
    await asker.store(
      sent({ actor: { ...agent, name: 'Alice' } }),
      sent({ object: { objectType: 'Agent', ...agent, name: 'Alice B.' } }),
      sent({ actor: identifiedGroup(withMbox('team'), { ...agent, name: 'Al' }), object: aSubStatement() })
    )
    const person = jsonOf(await asker.send('GET', '/xAPI/agents', { query: { agent } }))
    t.same(person, { objectType: 'Person', name: ['Alice', 'Alice B.', 'Al'], account: [agent.account] })
    const unknown = jsonOf(
      await asker.send('GET', '/xAPI/agents', { query: { agent: { ...withMbox('x'), name: 'X' } } })
    )
    t.same(unknown, { objectType: 'Person', name: ['X'], mbox: ['mailto:x@example.org'] })
    const activityId = 'https://course.example.org/never-seen'
    t.same(jsonOf(await asker.send('GET', '/xAPI/activities', { query: { activityId } })), {
      objectType: 'Activity',
      id: activityId
    })
  })

  t.test('Data §2.4.4.3: a StatementRef is kept as it is, its target there or not', async (t) => {
    const asker = lrs.fresh()
    const reference = sent({ object: refTo(anId()) })
    await asker.store(reference)
    t.same((await asker.read(reference.id)).object, reference.object)
  })
})

t.test('ruling 27: what a statement says of its version is kept, else it is that of the request', async (t) => {
  const lrs = await startLrs(t)
  const one = lrs.fresh()
  const two = one.speaking('2.0.0')
  const versionOf = async (asker: Client, version?: string): Promise<string | undefined> => {
    const statement: Statement = version === undefined ? sent() : { ...sent(), version }
    const [id] = await asker.store(statement)
    return (await asker.read(id)).version
  }
  t.equal(await versionOf(one), '1.0.0')
  t.equal(await versionOf(two), '2.0.0')
  t.equal(await versionOf(one.speaking('1.0.1')), '1.0.0')
  for (const version of ['1.0.0', '1.0.2', '1.0']) t.equal(await versionOf(one, version), version)
  for (const version of ['2.0.0', '1.0.3']) t.equal(await versionOf(two, version), version)
  for (const version of ['2.0.0', '1.1.0', '0.9', '1', '']) {
    t.equal((await one.post({ ...sent(), version })).status, 400, `${JSON.stringify(version)} in 1.0.3`)
  }
  for (const version of ['2.1.0', '3.0.0', '1.1.0', 2]) {
    t.equal((await two.post({ ...sent(), version })).status, 400, `${JSON.stringify(version)} in 2.0`)
  }
})

t.test('ruling 27: reads never convert: a statement is the same to both versions', async (t) => {
  const lrs = await startLrs(t)
  const one = lrs.fresh()
  const two = one.speaking('2.0.0')
  const contextAgents = [{ objectType: 'contextAgent', agent: withMbox('alice') }] as const
  const [old, recent] = [sent(), sent({ context: { contextAgents } })]
  await one.store(old)
  await two.store(recent)
  t.equal((await one.post(sent({ context: { contextAgents } }))).status, 400, '1.0.3 knows no contextAgents')
  for (const { id } of [old, recent]) t.same(await one.read(id), await two.read(id))
  t.same(await one.list(), await two.list())
  t.same((await one.read(recent.id)).context, { contextAgents })
})

t.test('a batch with attachments is stored whole or not at all', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const statement = sent({ attachments: [attachmentOf('essay')] })
  const wrong = { ...sent(), actor: {} }
  const answer = await asker.post(undefined, multipart([statementPart([statement, wrong]), contentPart('essay')]))
  t.equal(answer.status, 400)
  t.same(await asker.list(), [])
})
