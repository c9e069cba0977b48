import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { forEachBackend, idsIn, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { anActivity, anId, aSubStatement, aVerb, refTo, withMbox } from '../support/statements.ts'

const course = anActivity('course')
const read = aVerb('read')

forEachBackend(
  t,
  (t, lrs) => {
    t.test('ruling 4: `verb` and `activity` look at the statement itself, not into its SubStatement', async (t) => {
      const asker = lrs.fresh()
      const itself = sent({ verb: read, object: course })
      await asker.store(itself, sent({ object: aSubStatement({ verb: read, object: course }) }))
      t.same(await asker.list({ verb: read.id }), [itself.id])
      t.same(await asker.list({ activity: course.id }), [itself.id])
      t.same(await asker.list({ activity: `${course.id}/` }), [], 'IRIs are compared letter by letter')
    })

    t.test('ruling 4: `related_activities` adds contextActivities and what is in a SubStatement', async (t) => {
      const asker = lrs.fresh()
      const related = [
        sent({ object: course }),
        ...(['parent', 'grouping', 'category', 'other'] as const).map((kind) =>
          sent({ context: { contextActivities: { [kind]: [course] } } })
        ),
        sent({ context: { contextActivities: { other: course } } }),
        sent({ object: aSubStatement({ object: course }) }),
        sent({ object: aSubStatement({ context: { contextActivities: { parent: [course] } } }) })
      ]
      await asker.store(...related, sent())
      t.same(await asker.list({ activity: course.id }), [related[0]?.id])
      t.same(
        await asker.list({ activity: course.id, related_activities: true, ascending: true }),
        related.map(({ id }) => id)
      )
    })

    t.test('ruling 5: each filter may be met by the statement or by what it targets, to any depth', async (t) => {
      const asker = lrs.fresh()
      const registration = anId()
      const target = sent({ verb: read, object: course, context: { registration } })
      const about = sent({ actor: withMbox('alice'), object: refTo(target) })
      const aboutThat = sent({ object: refTo(about) })
      const all = [aboutThat.id, about.id, target.id]
      await asker.store(aboutThat)
      await asker.store(about)
      await asker.store(target, sent({ context: { statement: refTo(target) } }))
      t.same(await asker.list({ verb: read.id, ascending: true }), all)
      t.same(await asker.list({ activity: course.id, ascending: true }), all)
      t.same(await asker.list({ registration, ascending: true }), all)
      t.same(await asker.list({ registration: registration.toUpperCase(), ascending: true }), all)
      t.same(
        await asker.list({ agent: withMbox('alice'), verb: read.id, ascending: true }),
        [aboutThat.id, about.id],
        'one filter by the referrer, the other by its target'
      )
    })

    t.test('ruling 5: a target that is voided still counts for what refers to it', async (t) => {
      const asker = lrs.fresh()
      const target = sent({ verb: read })
      const about = sent({ object: refTo(target) })
      const voiding = sent({ verb: { id: 'http://adlnet.gov/expapi/verbs/voided' }, object: refTo(target) })
      await asker.store(target, about, voiding)
      t.same(await asker.list({ verb: read.id }), [voiding.id, about.id])
    })

    t.test('ruling 5: a circle of references ends', async (t) => {
      const asker = lrs.fresh()
      const [one, other] = [anId(), anId()]
      await asker.store(sent({ id: one, verb: read, object: refTo(other) }), sent({ id: other, object: refTo(one) }))
      t.same(await asker.list({ verb: read.id, ascending: true }), [one, other])
    })

    t.test('ruling 6: `since` is exclusive and `until` inclusive, at the precision of `stored`', async (t) => {
      const asker = lrs.fresh()
      const ids = await asker.store(sent(), sent(), sent(), sent())
      const [first, second, third, fourth] = ids
      const { stored: since = '' } = await asker.read(second)
      const { stored: until = '' } = await asker.read(third)
      t.same(await asker.list({ since, ascending: true }), [third, fourth])
      t.same(await asker.list({ until, ascending: true }), [first, second, third])
      t.same(await asker.list({ since, until }), [third])
      t.same(await asker.list({ since: until, until: since }), [])
      t.same(await asker.list({ since: until }), [fourth])
    })

    t.test('ruling 6: `since` and `until` are instants, whatever their offset', async (t) => {
      const asker = lrs.fresh()
      const [, second, third] = await asker.store(sent(), sent(), sent())
      const { stored = '' } = await asker.read(second)
      const [, minutes = '', fraction = ''] = /T\d\d(:\d\d:\d\d)(\.\d+)Z/.exec(stored) ?? []
      const there = new Date(Date.parse(stored) + 5 * 3600 * 1000).toISOString().slice(0, 13)
      t.same(await asker.list({ since: `${there}${minutes}${fraction}+05:00` }), [third])
      const notEncoded = await asker.send('GET', `/xAPI/statements?since=${there}${minutes}${fraction}+05:00`)
      t.same(idsIn(notEncoded), [third], 'a + that was not percent-encoded')
    })

    t.test('ruling 7: `limit=0` and one above the maximum mean the maximum', async (t) => {
      const asker = lrs.fresh()
      await asker.store(...Array.from({ length: 12 }, () => sent()))
      for (const [query, most] of [
        [{}, 10],
        [{ limit: 0 }, 10],
        [{ limit: 11 }, 10],
        [{ limit: 9007199254740991 }, 10],
        [{ limit: '0003' }, 3],
        [{ limit: 3 }, 3]
      ] as const) {
        const { statements, more } = jsonOf(await asker.get(query))
        t.equal(statements.length, most, JSON.stringify(query))
        t.ok(more, JSON.stringify(query))
      }
      t.equal(jsonOf(await asker.get({ since: '2100-01-01T00:00:00Z' })).more, '', 'nothing follows an empty page')
    })
  },
  { settings: { maxSearchHits: 10 } }
)

const id = anId()
const wrongQueries: Readonly<Record<string, string>> = {
  'a negative limit': 'limit=-1',
  'a limit with a fraction': 'limit=1.5',
  'a limit in another notation': 'limit=1e2',
  'a limit with a sign': 'limit=%2B1',
  'a limit with a space': 'limit=%201',
  'no limit': 'limit=',
  'digits of another script': 'limit=%D9%A1',
  'a verb without a scheme': 'verb=read',
  'an empty verb': 'verb=',
  'a verb with a space': 'verb=http%3A%2F%2Fexample.org%2Fa%20b',
  'a verb with a NUL': 'verb=http%3A%2F%2Fexample.org%2F%00',
  'an activity without a scheme': 'activity=course',
  'a registration that is none': 'registration=1234',
  'a registration in braces': `registration=%7B${id}%7D`,
  'a registration without dashes': `registration=${id.replaceAll('-', '')}`,
  'a date that does not exist': 'since=2026-02-30T00:00:00Z',
  'an hour that does not exist': 'since=2026-01-01T25:00:00Z',
  'a date in words': 'until=yesterday',
  'an offset of -00:00': 'until=2026-01-01T00:00:00-00:00',
  'a number of seconds': 'until=1767225600',
  'a boolean as another number': 'related_agents=2',
  'an empty boolean': 'related_activities=',
  'a boolean in words': 'attachments=yes',
  'an unknown format': 'format=xml',
  'a format in another case': 'format=IDS',
  'a statementId that is none': 'statementId=1234',
  'a voidedStatementId that is none': 'voidedStatementId=x',
  'both ids': `statementId=${id}&voidedStatementId=${id}`,
  'an id with a filter': `statementId=${id}&limit=1`,
  'a voided id with a filter': `voidedStatementId=${id}&since=2026-01-01T00:00:00Z`,
  'an unknown parameter': 'foo=bar',
  'a parameter in another case': 'Verb=http%3A%2F%2Fexample.org%2F',
  'a parameter with a space': '%20limit=1',
  'a parameter without a name': '=1',
  'a repeated parameter': 'limit=1&limit=1',
  'a parameter repeated in another spelling': 'limit=1&%6Cimit=2',
  'the prototype': '__proto__=1',
  'the constructor': 'constructor=1',
  'a parameter that every object has': 'toString=1',
  'a parameter as an array': 'limit[]=1',
  'a malformed escape': 'verb=%zz',
  'an escape that breaks off': 'verb=%e',
  'bytes that are not UTF-8': 'verb=http%3A%2F%2Fexample.org%2F%ff',
  'half a surrogate pair in UTF-8': 'activity=http%3A%2F%2Fexample.org%2F%ED%A0%80',
  'mine, but neither yes nor no': 'mine=maybe',
  'a cursor with another parameter': 'more=abc&limit=1',
  'a cursor that is none': 'more=abc',
  'an empty cursor': 'more='
}

t.test('ruling 7: parameters that are malformed, unknown, repeated or in another case are 400', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  for (const [what, query] of Object.entries(wrongQueries)) {
    t.equal((await asker.send('GET', `/xAPI/statements?${query}`)).status, 400, what)
  }
})

t.test('ruling 7: on every resource, with every method', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  const agent = JSON.stringify(withMbox('alice'))
  const activityId = course.id
  const statement = sent()
  const documents = [
    ['/xAPI/activities/state', { activityId, agent, stateId: 's' }, 'stateId'],
    ['/xAPI/activities/profile', { activityId, profileId: 'p' }, 'profileId'],
    ['/xAPI/agents/profile', { agent, profileId: 'p' }, 'profileId']
  ] as const
  const refused: [method: string, path: string, query: Record<string, string>, what: string][] = [
    ['POST', '/xAPI/statements', { foo: 'bar' }, 'unknown'],
    ['POST', '/xAPI/statements', { statementId: statement.id }, 'of PUT'],
    ['PUT', '/xAPI/statements', {}, 'missing'],
    ['PUT', '/xAPI/statements', { statementId: 'x' }, 'malformed'],
    ['PUT', '/xAPI/statements', { statementid: statement.id }, 'another case'],
    ['PUT', '/xAPI/statements', { statementId: statement.id, foo: 'bar' }, 'unknown'],
    ['GET', '/xAPI/agents', {}, 'missing'],
    ['GET', '/xAPI/agents', { agent, foo: 'bar' }, 'unknown'],
    ['GET', '/xAPI/agents', { Agent: agent }, 'another case'],
    ['GET', '/xAPI/activities', {}, 'missing'],
    ['GET', '/xAPI/activities', { activityId: 'course' }, 'no scheme'],
    ['GET', '/xAPI/activities', { activityId, foo: 'bar' }, 'unknown'],
    ['GET', '/xAPI/activities', { activityid: activityId }, 'another case']
  ]
  for (const [path, query, idName] of documents) {
    for (const method of ['GET', 'PUT', 'POST', 'DELETE']) {
      refused.push([method, path, { ...query, foo: 'bar' }, 'unknown'])
      refused.push([method, path, { ...query, [idName.toLowerCase()]: 'x' }, 'another case'])
      refused.push([method, path, { ...query, [idName]: '' }, 'empty'])
      refused.push([method, path, { ...query, since: '2026-01-01T00:00:00Z' }, 'since with an id'])
      for (const missing of Object.keys(query)) {
        if (missing === idName && (method === 'GET' || path.endsWith('state'))) continue
        const rest = Object.fromEntries(Object.entries(query).filter(([name]) => name !== missing))
        refused.push([method, path, rest, `without ${missing}`])
      }
      if ('activityId' in query) refused.push([method, path, { ...query, activityId: 'course' }, 'no scheme'])
    }
    const scope = Object.fromEntries(Object.entries(query).filter(([name]) => name !== idName))
    refused.push(['GET', path, { ...scope, since: 'yesterday' }, 'no date'])
    if (path.endsWith('state')) refused.push(['GET', path, { ...scope, registration: 'x' }, 'no UUID'])
  }
  for (const method of ['PUT', 'POST']) {
    const { stateId: _, ...scope } = documents[0][1]
    refused.push([method, documents[0][0], scope, 'without stateId'])
  }
  for (const [method, path, query, what] of refused) {
    const body = method === 'PUT' || method === 'POST' ? (path.endsWith('statements') ? statement : {}) : undefined
    const answer = await asker.send(method, path, { query, body, headers: { 'if-none-match': '*' } })
    t.equal(answer.status, 400, `${method} ${path}: ${what}`)
    t.equal(jsonOf(answer).error, 'INVALID_PARAMETER', `${method} ${path}: ${what}`)
  }
  t.same(await asker.list(), [], 'nothing was stored')
  t.same(jsonOf(await asker.send('GET', '/xAPI/activities/state', { query: { activityId, agent } })), [])
})
