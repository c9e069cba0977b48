import t from 'tap'
import { isTimestamp } from '../../src/validation/formats/timestamp.ts'
import { jsonOf } from '../support/answer.ts'
import { basic, forEachBackend, startLrs } from '../support/lrs.ts'
import { agentOf } from '../support/lrs-users.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const version = 'x-experience-api-version'
const through = 'x-experience-api-consistent-through'

const resources: Readonly<Record<string, readonly [allow: string, query: Record<string, string>]>> = {
  '/xAPI/statements': ['GET, HEAD, PUT, POST', {}],
  '/xAPI/activities': ['GET, HEAD', { activityId: anActivity('a').id }],
  '/xAPI/agents': ['GET, HEAD', { agent: JSON.stringify(withMbox('a')) }],
  '/xAPI/activities/state': [
    'GET, HEAD, PUT, POST, DELETE',
    { activityId: anActivity('a').id, agent: JSON.stringify(withMbox('a')) }
  ],
  '/xAPI/activities/profile': ['GET, HEAD, PUT, POST, DELETE', { activityId: anActivity('a').id }],
  '/xAPI/agents/profile': ['GET, HEAD, PUT, POST, DELETE', { agent: JSON.stringify(withMbox('a')) }],
  '/xAPI/about': ['GET, HEAD', {}]
}

t.test('ruling 23: every answer carries the version, every answer under /statements Consistent-Through', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  const statement = sent()
  const noOne = { headers: { authorization: undefined } }
  const answers = {
    200: await asker.get(),
    204: await asker.send('PUT', '/xAPI/statements', { query: { statementId: statement.id }, body: statement }),
    400: await asker.get({ foo: 'bar' }),
    401: await asker.get({}, noOne),
    404: await asker.get({ statementId: sent().id }),
    405: await asker.send('DELETE', '/xAPI/statements'),
    409: await asker.post({ ...statement, actor: withMbox('other') })
  }
  for (const [status, answer] of Object.entries(answers)) {
    t.equal(answer.status, Number(status))
    t.equal(answer.headers.get(version), '1.0.3', status)
    t.ok(isTimestamp(answer.headers.get(through) ?? ''), status)
  }
  t.equal(answers[401].headers.get('www-authenticate'), 'Basic realm="Ralph LRS", charset="UTF-8"')
  const others = {
    'no such path': await asker.send('GET', '/xAPI/nothing'),
    'no such path elsewhere': await asker.send('POST', '/nothing', { body: {} }),
    'a path of the pages': await asker.send('GET', '/pages/nothing'),
    '412': await asker.send('PUT', '/xAPI/activities/state', {
      query: { ...resources['/xAPI/activities/state']?.[1], stateId: 's' },
      headers: { 'if-match': '*' }
    })
  }
  for (const [what, answer] of Object.entries(others)) {
    t.equal(answer.status, what === '412' ? 412 : 404, what)
    t.equal(answer.headers.get(version), '1.0.3', what)
  }
})

t.test('ruling 23: Consistent-Through is not before what the answer itself stored or shows', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const [id] = await asker.store(sent())
  const { stored = '' } = await asker.read(id)
  const promised = (await asker.get()).headers.get(through) ?? ''
  t.ok(promised >= stored, `${promised}, ${stored}`)
})

t.test('ruling 23: a known resource with a wrong method is 405 with Allow', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND', 'QUERY', 'SEARCH']
  for (const [path, [allow]] of Object.entries(resources)) {
    for (const method of methods) {
      if (allow.split(', ').includes(method)) continue
      for (const slash of ['', '/', '?x=y']) {
        const head = `${method} ${path}${slash} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${basic('janedoe')}\r\nContent-Length: 2\r\n\r\n{}`
        const answer = await lrs.raw(`${path}${slash}`, method, Buffer.from(head))
        t.equal(answer.status, 405, `${method} ${path}${slash}`)
        t.equal(answer.headers.get('allow'), allow, `${method} ${path}${slash}`)
        if (method !== 'HEAD') t.equal(jsonOf(answer).error, 'METHOD_NOT_ALLOWED')
      }
    }
  }
  t.equal((await asker.get()).status, 200)
})

t.test('methods that are none, or that HTTP does not know, are 4xx', async (t) => {
  const lrs = await startLrs(t)
  for (const method of ['FOO', 'get', 'TRACE', 'G ET', '', 'GET\0']) {
    const answer = await lrs.raw(
      '',
      method,
      `${method} /xAPI/statements HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`
    )
    t.ok(answer.status === 400 || answer.status === 405, `${JSON.stringify(method)}: ${answer.status}`)
  }
})

/** Of the connection or of the moment. */
const varying: ReadonlySet<string> = new Set(['date', 'connection', 'keep-alive', through])

t.test('ruling 23: HEAD has GET’s headers, and no body', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const [id = ''] = await asker.store(sent(), sent())
  const queries: readonly (readonly [path: string, query: Record<string, string>])[] = [
    ...Object.entries(resources).map(([path, [, query]]) => [path, query] as const),
    ['/xAPI/statements', { statementId: id }],
    ['/xAPI/statements', { statementId: sent().id }],
    ['/xAPI/statements', { limit: 'x' }]
  ]
  for (const [path, query] of queries) {
    const get = await asker.send('GET', path, { query })
    const head = await asker.send('HEAD', path, { query })
    t.equal(head.status, get.status, path)
    t.equal(head.body.length, 0, path)
    const headersOf = (headers: Headers) =>
      [...headers].filter(([name]) => !varying.has(name)).map(([name, value]) => `${name}: ${value}`)
    t.same(headersOf(head.headers), headersOf(get.headers), path)
    t.equal(head.headers.get('content-length'), String(get.body.length), path)
    t.equal(head.headers.has(through), get.headers.has(through), path)
  }
})

t.test('ruling 23: HEAD has GET’s headers where attachments are asked for, too', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const statement = sent({ attachments: [attachmentOf('essay')] })
  await asker.post(undefined, multipart([statementPart(statement), contentPart('essay')]))
  const head = await asker.send('HEAD', '/xAPI/statements?attachments=true')
  t.equal(head.status, 200)
  t.match(head.headers.get('content-type'), /^multipart\/mixed; boundary=/)
  t.equal(head.body.length, 0)
  t.equal((await asker.get()).status, 200)
})

t.test('Communication §2.1.3: a statement has ETag and Last-Modified, a list Last-Modified', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const [older, newer] = await asker.store(sent(), sent())
  const one = await asker.get({ statementId: older ?? '' })
  const { stored } = jsonOf(one)
  t.match(one.headers.get('etag'), /^"[\da-f]{40}"$/)
  t.equal(one.headers.get('last-modified'), new Date(stored).toUTCString())
  const again = await asker.get({ statementId: older ?? '' })
  t.equal(again.headers.get('etag'), one.headers.get('etag'))
  t.not((await asker.get({ statementId: newer ?? '' })).headers.get('etag'), one.headers.get('etag'))
  const list = await asker.get()
  t.equal(list.headers.get('last-modified'), new Date(jsonOf(list).statements[0].stored).toUTCString())
  t.notOk((await asker.get({ since: '2100-01-01T00:00:00Z' })).headers.has('last-modified'), 'nothing, never modified')
})

t.test('paths go with and without a trailing slash', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  for (const [path, [, query]] of Object.entries(resources)) {
    const plain = await asker.send('GET', path, { query })
    const slash = await asker.send('GET', `${path}/`, { query })
    t.equal(plain.status, 200, path)
    t.equal(slash.status, 200, `${path}/`)
    t.same(jsonOf(slash), jsonOf(plain))
  }
  const statement = sent()
  t.equal((await asker.send('POST', '/xAPI/statements/', { body: statement })).status, 200)
  const put = { query: { statementId: sent().id }, body: { ...statement, id: undefined } }
  t.equal((await asker.send('PUT', '/xAPI/statements/', put)).status, 204)
  for (const path of ['/whoami/', '/__heartbeat__/', '/__lbheartbeat__/'])
    t.equal((await asker.send('GET', path)).status, 200, path)
})

forEachBackend(t, (t, lrs) => {
  t.test('the health of server and store is told to anyone, as Ralph tells it', async (t) => {
    const noOne = { headers: { authorization: undefined, 'x-experience-api-version': undefined } }
    const heartbeat = await lrs.as('janedoe').send('GET', '/__heartbeat__', noOne)
    t.equal(heartbeat.status, 200)
    t.same(jsonOf(heartbeat), { database: 'ok' })
    const loadBalancer = await lrs.as('janedoe').send('GET', '/__lbheartbeat__', noOne)
    t.equal(loadBalancer.status, 200)
    t.equal(jsonOf(loadBalancer), null)
  })
})

t.test('/whoami tells agent and scopes, and nothing else', async (t) => {
  const lrs = await startLrs(t)
  const answer = await lrs.as('mine').send('GET', '/whoami')
  t.same(jsonOf(answer), {
    agent: { objectType: 'Agent', ...agentOf('mine') },
    scopes: ['statements/write', 'statements/read/mine']
  })
  t.equal((await lrs.as('mine').send('GET', '/whoami', { headers: { authorization: undefined } })).status, 401)
})
