import { once } from 'node:events'
import { request } from 'node:http'
import t from 'tap'
import { jsonOf, textOf } from '../support/answer.ts'
import { basic, forEachBackend, idsIn, startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { aVerb, withMbox } from '../support/statements.ts'

forEachBackend(t, (t, lrs) => {
  for (const name of ['partialSuccess', 'ignoreInvalid']) {
    t.test(`${name}: what is valid is stored in its order, and the rest is reported`, async (t) => {
      const asker = lrs.fresh()
      const query = { [name]: true }
      const [one, two, three] = [sent(), sent(), sent()]
      const batch = [one, { ...sent(), actor: {} }, two, 1, null, { ...one, verb: aVerb('other') }, three]
      const answer = await asker.post(batch, { query })
      t.equal(answer.status, 200)
      const { inserted, rejected, ids, errors } = jsonOf(answer)
      t.same({ inserted, rejected, ids }, { inserted: 3, rejected: 4, ids: [one.id, two.id, three.id] })
      t.same(
        errors.map(({ index }: { index: number }) => index),
        [1, 3, 4, 5]
      )
      for (const error of errors) t.match(error, { code: /^INVALID_/, reason: /\w/ })
      t.match(errors[0].problems[0], { index: 1, pointer: /^\/actor/ })
      t.same(await asker.list({ ascending: true }), [one.id, two.id, three.id])
    })

    t.test(`${name}: 400 when nothing is valid, 409 when what is left are ids that are taken`, async (t) => {
      const asker = lrs.fresh()
      const query = { [name]: true }
      const statement = sent()
      await asker.store(statement)
      const none = await asker.post([{}, { ...sent(), verb: {} }], { query })
      t.equal(none.status, 400)
      t.match(jsonOf(none), { inserted: 0, rejected: 2, ids: [], error: 'INVALID_STATEMENT', message: /\w/ })
      const taken = await asker.post([{ ...statement, verb: aVerb('other') }, {}], { query })
      t.equal(taken.status, 409)
      t.match(jsonOf(taken), { inserted: 0, rejected: 2, error: 'STATEMENT_CONFLICT', message: /\w/ })
      t.match(jsonOf(taken).errors[0], { index: 0, code: 'STATEMENT_CONFLICT' })
      const again = await asker.post([statement, {}], { query })
      t.equal(again.status, 200, 'the same again is none')
      t.same(await asker.list(), [statement.id])
    })
  }

  t.test('partialSuccess: attachments go with their statements', async (t) => {
    const asker = lrs.fresh()
    const good = sent({ attachments: [attachmentOf('one')] })
    const bad = { ...sent({ attachments: [attachmentOf('two')] }), actor: {} }
    const lonely = sent({ attachments: [attachmentOf('three')] })
    const parts = [statementPart([good, bad, lonely]), contentPart('one'), contentPart('two')]
    const answer = await asker.post(undefined, { ...multipart(parts), query: { partialSuccess: true } })
    t.equal(answer.status, 200, textOf(answer))
    t.same(jsonOf(answer).ids, [good.id])
    t.same(
      jsonOf(answer).errors.map(({ index, code }: { index: number; code: string }) => [index, code]),
      [
        [1, 'INVALID_STATEMENT'],
        [2, 'INVALID_ATTACHMENT']
      ]
    )
    t.same(await asker.list(), [good.id])
  })
})

t.test('partialSuccess: what is no list, or no JSON, is refused as ever; PUT does not have it', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const query = { partialSuccess: true }
  t.equal((await asker.post('{', { query, headers: { 'content-type': 'application/json' } })).status, 400)
  t.equal((await asker.post([], { query })).status, 400)
  const one = sent()
  t.same(jsonOf(await asker.post(one, { query })).ids, [one.id], 'one statement')
  const put = { query: { statementId: sent().id, partialSuccess: true }, body: {} }
  t.equal((await asker.send('PUT', '/xAPI/statements', put)).status, 400)
})

t.test('RALPH_LRS_PARTIAL_SUCCESS_DEFAULT holds unless the request says otherwise', async (t) => {
  const asker = (await startLrs(t, { settings: { partialSuccessDefault: true } })).fresh()
  const batch = () => [sent(), {}]
  t.equal(jsonOf(await asker.post(batch())).inserted, 1)
  t.equal((await asker.post(batch(), { query: { partialSuccess: false } })).status, 400)
  t.equal(jsonOf(await asker.post(batch(), { query: { partialSuccess: false, ignoreInvalid: true } })).inserted, 1)
  t.equal((await asker.list()).length, 2)
})

t.test('CORS: pages of the origins that are allowed may call, others may not', async (t) => {
  const origin = 'https://lms.example.org'
  const lrs = await startLrs(t, { settings: { corsAllowOrigins: [origin, 'http://localhost:3000'] } })
  const preflight = (from: string) => {
    const head = `OPTIONS /xAPI/statements HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: ${from}\r\nAccess-Control-Request-Method: PUT\r\nAccess-Control-Request-Headers: authorization,content-type,x-experience-api-version,if-match\r\n\r\n`
    return lrs.raw('', 'OPTIONS', head)
  }
  const allowed = await preflight(origin)
  t.equal(allowed.status, 204)
  t.equal(allowed.headers.get('access-control-allow-origin'), origin)
  t.equal(allowed.headers.get('access-control-allow-credentials'), 'true')
  t.match(allowed.headers.get('access-control-allow-methods'), /PUT/)
  for (const name of ['Authorization', 'Content-Type', 'X-Experience-API-Version', 'If-Match', 'If-None-Match']) {
    t.match(allowed.headers.get('access-control-allow-headers'), new RegExp(name, 'i'))
  }
  t.notOk((await preflight('https://evil.example.org')).headers.has('access-control-allow-origin'))
  t.notOk((await preflight('null')).headers.has('access-control-allow-origin'))
  t.notOk((await preflight(`${origin}.evil.example.org`)).headers.has('access-control-allow-origin'))
  // fetch does not let a caller name its origin.
  const answerTo = async (from: string, authorization: string) => {
    const sent = request({
      port: lrs.port,
      host: '127.0.0.1',
      path: '/xAPI/statements',
      headers: { origin: from, authorization }
    }).end()
    const [response] = await once(sent, 'response')
    response.resume()
    return response
  }
  const read = await answerTo(origin, basic('janedoe'))
  t.equal(read.headers['access-control-allow-origin'], origin)
  t.match(read.headers.vary, /Origin/i)
  for (const name of ['ETag', 'Last-Modified', 'X-Experience-API-Version', 'X-Experience-API-Consistent-Through']) {
    t.match(read.headers['access-control-expose-headers'], new RegExp(name, 'i'))
  }
  const refused = await answerTo(origin, basic('mallory'))
  t.equal(refused.statusCode, 401)
  t.equal(refused.headers['access-control-allow-origin'], origin, 'a page may see why it was refused')
  t.notOk((await answerTo('https://evil.example.org', basic('janedoe'))).headers['access-control-allow-origin'])
})

t.test('CORS is off unless origins are allowed', async (t) => {
  const lrs = await startLrs(t)
  const head = `GET /xAPI/statements HTTP/1.1\r\nHost: a\r\nConnection: close\r\nOrigin: https://lms.example.org\r\nAuthorization: ${basic('janedoe')}\r\n\r\n`
  const answer = await lrs.raw('/xAPI/statements', 'GET', head)
  t.equal(answer.status, 200)
  t.notOk(answer.headers.has('access-control-allow-origin'))
})

t.test(
  'RALPH_RUNSERVER_PUBLIC_URL: `more` leads through the proxy, whether it cuts its prefix off or not',
  async (t) => {
    for (const publicUrl of ['https://lms.example.org/lrs', 'https://lms.example.org/a/b', 'https://lms.example.org']) {
      const lrs = await startLrs(t, { settings: { publicUrl } })
      const asker = lrs.fresh()
      const prefix = new URL(publicUrl).pathname.replace(/\/$/, '')
      await asker.store(sent(), sent(), sent())
      for (const path of [`${prefix}/xAPI/statements`, '/xAPI/statements']) {
        const first = await asker.send('GET', `${path}?limit=2`)
        const { more } = jsonOf(first)
        t.ok(more.startsWith(`${prefix}/xAPI/statements?more=`), more)
        t.equal(new URL(more, publicUrl).origin, 'https://lms.example.org')
        t.equal(idsIn(await asker.send('GET', more)).length, 1)
        t.equal(idsIn(await asker.send('GET', more.slice(prefix.length))).length, 1)
      }
      t.equal((await asker.send('GET', `${prefix}/whoami`)).status, 200)
      t.equal((await asker.send('GET', `${prefix}/xAPI/about`)).status, 200)
      if (prefix !== '') t.equal((await asker.send('GET', `${prefix}x/xAPI/about`)).status, 404)
    }
  }
)

t.test('X-Forwarded-* headers change nothing that a client could make use of', async (t) => {
  const forwarded = {
    'x-forwarded-host': 'evil.example.org',
    'x-forwarded-proto': 'gopher',
    'x-forwarded-for': '1.2.3.4, not an address,,',
    'x-forwarded-prefix': '/evil'
  }
  for (const trustProxy of [false, true, ['127.0.0.1'], ['10.0.0.0/8']]) {
    const asker = (await startLrs(t, { settings: { trustProxy } })).fresh()
    await asker.store(sent(), sent())
    const answer = await asker.get({ limit: 1 }, { headers: forwarded })
    t.equal(answer.status, 200)
    t.match(jsonOf(answer).more, /^\/xAPI\/statements\?more=/)
    t.notMatch(textOf(answer), /evil/)
  }
})

t.test('statements of other languages and signs are found by their text again', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const account = { homePage: 'https://school.example.org/ä?x=1&y=%20#z', name: 'Ünï "cödé" \\ 漢字 😀 + & = %' }
  const verb = { id: 'https://verb.example.org/größer+als&mehr=1#teil' }
  const statement = sent({ actor: { account }, verb })
  await asker.store(statement, sent({ actor: withMbox('other') }))
  t.same(await asker.list({ agent: { account } }), [statement.id])
  t.same(await asker.list({ verb: verb.id }), [statement.id])
  const { more } = jsonOf(await asker.get({ verb: verb.id, limit: 1, agent: { account } }))
  t.equal(more, '')
})
