import t from 'tap'
import { type Answer, jsonOf, textOf } from '../support/answer.ts'
import { basic, type Client, forEachBackend, startLrs } from '../support/lrs.ts'
import { attachmentOf, sent } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }

/** A request of any method as the fields of a form that is POSTed (Communication §1.3). */
const alternately = (
  asker: Client,
  method: string,
  path: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string | undefined>> = {}
): Promise<Answer> =>
  asker.speaking(null).send('POST', `${path}?method=${method}`, {
    headers: { ...form, authorization: undefined, ...headers },
    body: new URLSearchParams({
      Authorization: basic(asker.username),
      'X-Experience-API-Version': '1.0.3',
      ...fields
    }).toString()
  })

const statements = '/xAPI/statements'
const statePath = '/xAPI/activities/state'
const scope = { activityId: anActivity('a').id, agent: JSON.stringify(withMbox('a')), stateId: 's' }

forEachBackend(t, (t, lrs) => {
  t.test('Communication §1.3: headers, parameters and body go in the fields of a form', async (t) => {
    const asker = lrs.fresh()
    const statement = sent({ actor: { ...withMbox('alice'), name: 'Ä & Ö = 100 % + 😀' } })
    const fields = { 'Content-Type': 'application/json', content: JSON.stringify(statement) }
    t.equal((await alternately(asker, 'PUT', statements, { statementId: statement.id, ...fields })).status, 204)
    const posted = await alternately(asker, 'POST', statements, { content: JSON.stringify([sent(), statement]) })
    t.equal(posted.status, 200, 'application/json unless said otherwise')
    const read = await alternately(asker, 'GET', statements, { statementId: statement.id })
    t.same(jsonOf(read).actor, statement.actor)
    t.equal(read.headers.get('x-experience-api-version'), '1.0.3')
    t.ok(read.headers.has('x-experience-api-consistent-through'))
    const agent = JSON.stringify(withMbox('alice'))
    const list = await alternately(asker, 'GET', statements, { agent, limit: '5' })
    t.equal(jsonOf(list).statements.length, 1)
  })

  t.test('Communication §1.3: Accept-Language is a field like other headers', async (t) => {
    const asker = lrs.fresh()
    await asker.store(sent({ object: anActivity('a', { name: { en: 'one', de: 'eins' } }) }))
    const answer = await alternately(asker, 'GET', statements, { format: 'canonical', 'Accept-Language': 'de' })
    t.same(jsonOf(answer).statements[0].object.definition, { name: { de: 'eins' } })
  })

  t.test('Communication §1.3: documents, with their preconditions and content types', async (t) => {
    const asker = lrs.fresh()
    const put = (fields: Record<string, string>) =>
      alternately(asker, 'PUT', statePath, { ...scope, content: 'text', 'Content-Type': 'text/plain', ...fields })
    t.equal((await put({ 'If-None-Match': '*' })).status, 204)
    t.equal((await put({ 'If-None-Match': '*' })).status, 412)
    const found = await alternately(asker, 'GET', statePath, scope)
    t.equal(textOf(found), 'text')
    t.equal(found.headers.get('content-type'), 'text/plain')
    t.equal((await put({ 'if-match': found.headers.get('etag') ?? '', content: 'more' })).status, 204)
    const head = await alternately(asker, 'HEAD', statePath, scope)
    t.equal(head.status, 200)
    t.equal((await alternately(asker, 'DELETE', statePath, scope)).status, 204)
    t.equal((await alternately(asker, 'GET', statePath, scope)).status, 404)
  })
})

t.test('Communication §1.3: what is misused is 400, and nothing is stored', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const statement = sent()
  const content = JSON.stringify(statement)
  const post = (fields: Record<string, string>, method = 'POST') =>
    alternately(asker, method, statements, { content, ...fields })
  const attempts: Readonly<Record<string, () => Promise<Answer>>> = {
    'a method that is none': () => post({}, 'FOO'),
    'a method in another case': () => post({}, 'post'),
    'an empty method': () => post({}, ''),
    'a method of every object': () => post({}, '__proto__'),
    'a parameter beside the method': () => post({}, `PUT&statementId=${statement.id}`),
    'two methods': () => post({}, 'POST&method=PUT'),
    'no body where one is needed': () => alternately(asker, 'PUT', statements, { statementId: statement.id }),
    'a method within the form': () => post({ method: 'GET' }),
    'a parameter that is unknown': () => post({ foo: 'bar' }),
    'a body that is no JSON': () => post({ content: '{' }),
    'a statement that is none': () => post({ content: '{}' }),
    'another version': () => post({ 'X-Experience-API-Version': '0.9' }),
    '2.0, which has no such thing': () => post({ 'X-Experience-API-Version': '2.0.0' }),
    'an attachment': () => post({ content: JSON.stringify(sent({ attachments: [attachmentOf('essay')] })) })
  }
  for (const [what, attempt] of Object.entries(attempts)) {
    const answer = await attempt()
    t.equal(answer.status, 400, what)
    t.ok(answer.headers.has('x-experience-api-consistent-through'), what)
  }
  t.equal((await alternately(asker, 'DELETE', statements, {})).status, 405)
  for (const body of ['content=%zz&Authorization=%ff', 'content=1&content=2', '%', '=', '&&', '']) {
    const answer = await asker.speaking(null).send('POST', `${statements}?method=POST`, { headers: form, body })
    t.equal(answer.status, 400, body)
  }
  t.same(await asker.list(), [])
})

t.test('Communication §1.3: credentials of the form are as good, or as bad, as those of a header', async (t) => {
  const lrs = await startLrs(t, { settings: { restrictByScopes: true, restrictByAuthority: true } })
  const asker = lrs.as('janedoe')
  const content = JSON.stringify(sent())
  t.equal((await alternately(asker, 'POST', statements, { content, Authorization: basic('mallory') })).status, 401)
  t.equal((await alternately(asker, 'POST', statements, { content, Authorization: '' })).status, 401)
  t.equal((await alternately(lrs.as('reader'), 'POST', statements, { content })).status, 403)
  t.equal((await alternately(lrs.as('reader'), 'GET', statements, {})).status, 200)
  t.equal((await alternately(lrs.as('elsewhere'), 'GET', statements, {})).status, 200)
  const body = new URLSearchParams({ content }).toString()
  const inHeader = await asker.send('POST', `${statements}?method=POST`, { headers: form, body })
  t.equal(inHeader.status, 200, 'a header that the form does not have counts')
})

t.test('a field that could be no header is 400: it would be one when the document is read', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  for (const type of ['text/plain\r\nX-Injected: 1', 'text/plain\n', 'text/漢', 'a\0b', 'text/\u{1f600}']) {
    const put = await alternately(asker, 'PUT', statePath, { ...scope, content: 'x', 'Content-Type': type })
    t.equal(put.status, 400, JSON.stringify(type))
    t.equal((await asker.send('GET', statePath, { query: scope })).status, 404)
  }
  t.same(lrs.log, [])
})
