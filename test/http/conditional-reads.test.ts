import t from 'tap'
import { textOf } from '../support/answer.ts'
import { forEachBackend } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { anActivity, refTo, withMbox } from '../support/statements.ts'

const ofActivity = { activityId: anActivity('a').id }
const ofAgent = { agent: withMbox('a') }

forEachBackend(t, (t, lrs) => {
  t.test('ruling 23: what the reader has already is 304 without a body, one or a list', async (t) => {
    const asker = lrs.fresh()
    const [id = ''] = await asker.store(sent())
    const essay = sent({ attachments: [attachmentOf('essay')] })
    await asker.post(undefined, multipart([statementPart(essay), contentPart('essay')]))
    const documents = {
      '/xAPI/activities/state': { ...ofActivity, ...ofAgent, stateId: 's' },
      '/xAPI/activities/profile': { ...ofActivity, profileId: 'p' },
      '/xAPI/agents/profile': { ...ofAgent, profileId: 'p' }
    }
    for (const [path, query] of Object.entries(documents)) {
      const headers = path.endsWith('/profile') ? { 'if-none-match': '*' } : {}
      t.equal((await asker.send('PUT', path, { query, headers, body: { a: 1 } })).status, 204)
    }
    const places = [
      ...Object.entries(documents),
      ['/xAPI/statements', { statementId: id }],
      ['/xAPI/statements', { statementId: id, format: 'ids' }],
      ['/xAPI/statements', { statementId: essay.id, attachments: true }],
      ['/xAPI/statements', {}],
      ['/xAPI/statements', { limit: 1, format: 'canonical' }],
      ['/xAPI/statements', { attachments: true }],
      ['/xAPI/statements', { verb: 'http://example.org/nothing' }],
      ['/xAPI/activities/state', { ...ofActivity, ...ofAgent }],
      ['/xAPI/agents/profile', ofAgent],
      ['/xAPI/agents', ofAgent],
      ['/xAPI/activities', ofActivity]
    ] as const
    for (const [path, query] of places) {
      const read = (method: string, ifNoneMatch?: string) =>
        asker.send(method, path, { query, headers: { 'if-none-match': ifNoneMatch } })
      const whole = await read('GET')
      const etag = whole.headers.get('etag') ?? ''
      t.equal(whole.status, 200, path)
      for (const method of ['GET', 'HEAD']) {
        for (const known of [etag, `W/${etag}`, `"other", ${etag}`, etag.replaceAll('"', ''), '*']) {
          const answer = await read(method, known)
          t.equal(answer.status, 304, `${method} ${path} ${known}`)
          t.equal(textOf(answer), '')
          for (const name of ['etag', 'last-modified', 'cache-control', 'vary'])
            t.equal(answer.headers.get(name), whole.headers.get(name))
          for (const name of ['content-type', 'content-length']) t.notOk(answer.headers.has(name), name)
        }
        const changed = await read(method, '"other", W/"another"')
        t.equal(changed.status, 200)
        t.equal(textOf(changed).length, method === 'HEAD' ? 0 : textOf(whole).length)
      }
      t.equal((await read('GET', 'not, "one')).status, 400, 'as it is when something is written')
    }
  })

  t.test('ruling 23: a list has another ETag once anything in it is another', async (t) => {
    const asker = lrs.fresh()
    const read = async (query: Record<string, string>, path = '/xAPI/statements') => {
      const answer = await asker.send('GET', path, { query })
      t.match(answer.headers.get('cache-control'), 'private, no-cache')
      return answer.headers.get('etag')
    }
    const differs = async (query: Record<string, string>, change: () => Promise<unknown>, path?: string) => {
      const before = await read(query, path)
      t.equal(await read(query, path), before)
      await change()
      t.not(await read(query, path), before, JSON.stringify(query))
    }
    const [first = ''] = await asker.store(sent(), sent({ object: anActivity('a', { name: { en: 'One' } }) }))
    const verb = { id: 'http://adlnet.gov/expapi/verbs/voided' }
    await differs({}, () => asker.store(sent()))
    await differs({ limit: '1', ascending: 'true' }, () => asker.store(sent({ verb, object: refTo(first) })))
    const renamed = sent({ object: anActivity('a', { name: { en: 'Another' } }) })
    await differs({ format: 'canonical', until: '2100-01-01' }, () => asker.store(renamed))
    const scope = { activityId: ofActivity.activityId, agent: JSON.stringify(withMbox('list')) }
    const put = () => asker.send('PUT', '/xAPI/activities/state', { query: { ...scope, stateId: 'new' }, body: {} })
    await differs(scope, put, '/xAPI/activities/state')
  })

  t.test('ruling 23: an answer names the headers that decided what it is', async (t) => {
    const asker = lrs.fresh()
    await asker.store(sent())
    const varyOf = async (query: Record<string, string>, headers = {}) =>
      (await asker.get(query, { headers })).headers.get('vary')?.split(', ')
    const always = ['Authorization', 'X-Experience-API-Version']
    t.same(await varyOf({}), always)
    t.same(await varyOf({ format: 'canonical' }), [...always, 'Accept-Language'])
    t.same(await varyOf({ format: 'canonical' }, { 'if-none-match': '*' }), [...always, 'Accept-Language'], '304')
    t.same(await varyOf({ limit: 'x' }), always, '400')
    t.same(await varyOf({}, { authorization: undefined }), always, '401')
    for (const path of ['/whoami', '/nothing', '/xAPI/about', '/__heartbeat__']) {
      const answer = await asker.send('GET', path)
      t.equal(answer.headers.get('cache-control'), 'private, no-cache', path)
      t.match(answer.headers.get('vary'), 'Authorization', path)
    }
  })

  t.test('what is not there stays 404', async (t) => {
    const missing = { ...ofActivity, ...ofAgent, stateId: 'missing' }
    const headers = { 'if-none-match': '*' }
    const asker = lrs.fresh()
    t.equal((await asker.send('GET', '/xAPI/activities/state', { query: missing, headers })).status, 404)
    t.equal((await asker.get({ statementId: sent().id }, { headers })).status, 404)
  })
})
