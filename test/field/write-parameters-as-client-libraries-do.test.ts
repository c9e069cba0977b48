import t from 'tap'
import { type Answer, jsonOf } from '../support/answer.ts'
import { type Client, forEachBackend, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const statements = '/xAPI/statements'

forEachBackend(t, (t, lrs) => {
  t.test('ruling 7: a boolean is true or false in any case, 1 or 0', async (t) => {
    const asker = lrs.fresh()
    const one = await asker.store(sent(), sent())
    for (const yes of ['true', 'True', 'TRUE', 'tRuE', '1']) {
      t.same(await asker.list({ ascending: yes, mine: yes }), one, yes)
    }
    for (const no of ['false', 'False', 'FALSE', '0']) t.same(await asker.list({ ascending: no }), one.toReversed(), no)
    for (const name of ['ascending', 'mine', 'attachments', 'related_agents', 'related_activities']) {
      for (const none of ['', 'yes', 'no', 't', 'on', '2', '01', '-1', 'null', ' true', 'true ', 'truе']) {
        const answer = await asker.get({ [name]: none })
        t.equal(answer.status, 400, `${name}=${none}`)
        t.equal(jsonOf(answer).parameter, name)
      }
    }
    const partial = await asker.post([sent(), {}], { query: { partialSuccess: 'True' } })
    t.equal(jsonOf(partial).inserted, 1)
  })

  t.test('ruling 7: a limit of any length above the maximum is the maximum', async (t) => {
    const asker = lrs.fresh()
    await asker.store(...Array.from({ length: 101 }, () => sent()))
    for (const limit of ['101', '9007199254740992', '9'.repeat(400), '0', '000']) {
      t.equal((await asker.list({ limit })).length, 100, limit.slice(0, 20))
    }
    t.equal((await asker.list({ limit: '003' })).length, 3)
    for (const limit of ['1e2', '-1', '+1', '1.0', ' 1', '', 'NaN', 'Infinity']) {
      t.equal((await asker.get({ limit })).status, 400, limit)
    }
  })
})

/** A request of every kind, each with a parameter that nobody knows. */
const everyKind = (asker: Client, extra: Readonly<Record<string, string>>): readonly (() => Promise<Answer>)[] => {
  const statement = sent()
  const activityId = anActivity('a').id
  const agent = withMbox('a')
  const document = { activityId, agent, stateId: 's' }
  return [
    () => asker.get({ ...extra }),
    () => asker.send('PUT', statements, { query: { statementId: statement.id, ...extra }, body: statement }),
    () => asker.get({ statementId: statement.id, ...extra }),
    () => asker.post(sent(), { query: extra }),
    () => asker.send('GET', '/xAPI/agents', { query: { agent, ...extra } }),
    () => asker.send('GET', '/xAPI/activities', { query: { activityId, ...extra } }),
    () => asker.send('PUT', '/xAPI/activities/state', { query: { ...document, ...extra }, body: {} }),
    () => asker.send('GET', '/xAPI/activities/state', { query: { ...document, ...extra } }),
    () => asker.send('GET', '/xAPI/activities/state', { query: { activityId, agent, ...extra } }),
    () => asker.send('DELETE', '/xAPI/activities/state', { query: { activityId, agent, ...extra } })
  ]
}

t.test('an unknown parameter is 400, and the error names the setting that would let it pass', async (t) => {
  const asker = (await startLrs(t)).fresh()
  for (const request of everyKind(asker, { content_token: 'x' })) {
    const answer = await request()
    t.equal(answer.status, 400)
    t.match(jsonOf(answer), {
      error: 'INVALID_PARAMETER',
      parameter: 'content_token',
      setting: 'RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS',
      message: /RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS=true/
    })
  }
  t.same(await asker.list(), [], 'nothing was stored')
  const misspelt = jsonOf(await asker.get({ Limit: 1 }))
  t.match(misspelt.message, /did you mean `limit`/)
  t.notOk('setting' in misspelt, 'no setting lets this pass')
})

t.test('RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS: content may copy its launch link onto every request', async (t) => {
  const lrs = await startLrs(t, { settings: { ignoreUnknownParameters: true } })
  const asker = lrs.fresh()
  for (const request of everyKind(asker, { content_token: 'x', _: '1700000000000' })) {
    const { status } = await request()
    t.ok(status === 200 || status === 204, String(status))
  }
  const { more } = jsonOf(await asker.get({ limit: 1, content_token: 'x' }))
  const next = await asker.send('GET', `${more}&limit=1&content_token=x`)
  t.equal(jsonOf(next).statements.length, 1, '`more` leads on, with what is passed over and without')
  t.equal((await asker.get({ Limit: 1 })).status, 400, 'a known name in another case is a mistake, not an extra')
  t.equal((await asker.get({ limit: 'x' })).status, 400)
  t.equal((await asker.send('GET', `${statements}?a=1&a=2`)).status, 400, 'nor is one that is there twice')
})

t.test('an IRI is refused with the character that it cannot have', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const expectedOf = async (id: string): Promise<string> =>
    jsonOf(await asker.post(sent({ object: { id } }))).problems[0].expected
  t.equal(
    await expectedOf('http://example.org/a b'),
    'an IRI with a scheme; character 21 is a space, which is not allowed there: write %20'
  )
  t.match(await expectedOf('http://example.org/{course}'), /character 20 is \{, .*: write %7B$/)
  t.match(await expectedOf('http://example.org/a\n'), /character 21 is U\+000A, .*: write %0A$/)
  t.equal(await expectedOf('course'), 'an IRI with a scheme')
  t.match(jsonOf(await asker.get({ verb: 'http://example.org/a|b' })).expected, /character 21 is \|/)
  const extensions = { 'http://example.org/größe': 1, 'http://example.org/<b>': 2 }
  t.match(jsonOf(await asker.post(sent({ result: { extensions } }))).message, /character 20 is </, 'keys of extensions')
  const openid = 'https://example.org/größe'
  t.match(jsonOf(await asker.post(sent({ actor: { openid } }))).message, /character 23 is ö, .*: write %C3%B6/)
})

t.test('what is wrong stands under `detail` too, where clients of Python Ralph read it', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const answers = [
    await asker.get({ foo: 1 }),
    await asker.get({}, { headers: { authorization: undefined } }),
    await asker.post({}),
    await asker.post([{}], { query: { partialSuccess: true } }),
    await asker.send('GET', '/nothing'),
    await asker.send('DELETE', statements)
  ]
  for (const answer of answers) {
    const { message, detail } = jsonOf(answer)
    t.ok(message.length > 0 && detail === message, message)
  }
})

t.test('a body that says nothing of its type is told so', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const answer = await asker.post(Buffer.from(JSON.stringify(sent())))
  t.equal(answer.status, 400)
  t.match(jsonOf(answer).message, /no Content-Type was sent/)
  const typed = await asker.post('{}', { headers: { 'content-type': 'text/plain' } })
  t.match(jsonOf(typed).message, /not as "text\/plain"/)
})
