import t from 'tap'
import { type Answer, jsonOf, textOf } from '../support/answer.ts'
import { basic, forEachBackend, type Lrs, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

/** As content posts it: XDomainRequest and beacons send no type or text, frameworks whatever they send by default. */
const types = [
  undefined,
  'text/plain;charset=UTF-8',
  'application/x-www-form-urlencoded',
  'application/json',
  'multipart/form-data; boundary=x',
  'application/octet-stream',
  'form',
  ''
]

const send = (lrs: Lrs, path: string, body: string, type: string | undefined, chunked: boolean): Promise<Answer> => {
  const framed = chunked ? `${Buffer.byteLength(body).toString(16)}\r\n${body}\r\n0\r\n\r\n` : body
  const lines = [
    `POST ${path} HTTP/1.1`,
    'Host: a',
    'Connection: close',
    ...(type === undefined ? [] : [`Content-Type: ${type}`]),
    chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${Buffer.byteLength(body)}`
  ]
  return lrs.raw(path, 'POST', `${lines.join('\r\n')}\r\n\r\n`, Buffer.from(framed))
}

const fieldsOf = (fields: Readonly<Record<string, string>>, username: string): string =>
  new URLSearchParams({ Authorization: basic(username), 'X-Experience-API-Version': '1.0.3', ...fields }).toString()

forEachBackend(t, (t, lrs) => {
  t.test('`method` makes it the alternate syntax, whatever the Content-Type, chunked or not', async (t) => {
    const asker = lrs.fresh()
    for (const type of types) {
      for (const chunked of [false, true]) {
        const what = `${type}${chunked ? ', chunked' : ''}`
        const statement = sent()
        const put = fieldsOf({ statementId: statement.id, content: JSON.stringify(statement) }, asker.username)
        const answer = await send(lrs, '/xAPI/statements?method=PUT', put, type, chunked)
        t.equal(answer.status, 204, `${what}: ${textOf(answer)}`)
        const get = fieldsOf({ statementId: statement.id }, asker.username)
        const read = await send(lrs, '/xAPI/statements?method=GET', get, type, chunked)
        t.equal(jsonOf(read).id, statement.id, what)
      }
    }
    const stranger = fieldsOf({ content: JSON.stringify(sent()) }, 'mallory')
    t.equal((await send(lrs, '/xAPI/statements?method=POST', stranger, 'text/plain', true)).status, 401)
  })

  t.test('a document of the alternate syntax without a Content-Type is of none, as of an ordinary PUT', async (t) => {
    const asker = lrs.fresh()
    const scope = { activityId: anActivity('a').id, agent: JSON.stringify(withMbox('a')) }
    const path = '/xAPI/activities/state'
    const typeOf = async (stateId: string) =>
      (await asker.send('GET', path, { query: { ...scope, stateId } })).headers.get('content-type')
    for (const method of ['PUT', 'POST']) {
      const form = fieldsOf({ ...scope, stateId: method, content: 'bookmark=3' }, asker.username)
      t.equal((await send(lrs, `${path}?method=${method}`, form, types[2], false)).status, 204)
      t.equal(await typeOf(method), 'application/octet-stream', method)
      const typed = fieldsOf(
        { ...scope, stateId: `t${method}`, content: '3', 'Content-Type': 'text/x' },
        asker.username
      )
      t.equal((await send(lrs, `${path}?method=${method}`, typed, types[1], false)).status, 204)
      t.equal(await typeOf(`t${method}`), 'text/x', method)
    }
    const ordinary = { query: { ...scope, stateId: 'o' }, body: Buffer.from('bookmark=3') }
    t.equal((await asker.send('PUT', path, ordinary)).status, 204)
    t.equal(await typeOf('o'), 'application/octet-stream')
  })
})

t.test('doubled slashes in a path count as one', async (t) => {
  const lrs = await startLrs(t, { settings: { publicUrl: 'https://example.org/lrs' } })
  const asker = lrs.fresh()
  const statement = sent()
  t.equal((await asker.send('POST', '/xAPI//statements', { body: statement })).status, 200)
  const verb = 'http://example.org//a//b'
  for (const path of ['//xAPI/statements', '/xAPI///statements//', '/lrs//xAPI//statements', '//lrs/xAPI/statements']) {
    t.equal(jsonOf(await asker.send('GET', path)).statements[0].id, statement.id, path)
    t.same(jsonOf(await asker.send('GET', `${path}?verb=${verb}`)).statements, [], 'parameters stay as they are')
  }
  await asker.store(sent({ verb: { id: verb } }))
  t.equal(jsonOf(await asker.send('GET', `/xAPI//statements?verb=${verb}`)).statements.length, 1)
  t.equal((await asker.send('GET', '//example.org/xAPI/statements')).status, 404)
  t.equal((await asker.send('DELETE', '/xAPI//statements')).headers.get('allow'), 'GET, HEAD, PUT, POST')
})
