import { createHash } from 'node:crypto'
import t from 'tap'
import { jsonOf, textOf } from '../support/answer.ts'
import { type Client, forEachBackend, isDurable, type Request, startLrs } from '../support/lrs.ts'
import { anActivity, anId, withAccount, withMbox } from '../support/statements.ts'

const activityId = anActivity('course').id
const agent = withMbox('alice')

/** The three resources with a document each. */
const kinds = {
  state: { path: '/xAPI/activities/state', scope: { activityId, agent }, id: { stateId: 'one' } },
  'activity profile': { path: '/xAPI/activities/profile', scope: { activityId }, id: { profileId: 'one' } },
  'agent profile': { path: '/xAPI/agents/profile', scope: { agent }, id: { profileId: 'one' } }
} as const
type Kind = (typeof kinds)[keyof typeof kinds]

const idNameOf = ({ id }: Kind): string => ('stateId' in id ? 'stateId' : 'profileId')

const documentIn = (asker: Client, { path, scope, id }: Kind) => {
  const query = { ...scope, ...id }
  const send = (method: string, request: Request = {}) => asker.send(method, path, { query, ...request })
  return {
    query,
    send,
    put: (body: unknown, headers: Request['headers'] = { 'if-none-match': '*' }) => send('PUT', { body, headers }),
    post: (body: unknown, headers: Request['headers'] = {}) => send('POST', { body, headers }),
    get: () => send('GET'),
    ids: async (more = {}) => jsonOf(await asker.send('GET', path, { query: { ...scope, ...more } })),
    etag: async () => (await send('GET')).headers.get('etag') ?? ''
  }
}

const json = { 'content-type': 'application/json' }
const sha1 = (content: Buffer) => `"${createHash('sha1').update(content).digest('hex')}"`

forEachBackend(t, (t, lrs) => {
  for (const [name, kind] of Object.entries(kinds)) {
    t.test(`ruling 20: ${name}: a document is kept byte for byte with its content type`, async (t) => {
      const asker = lrs.fresh()
      const contents: readonly (readonly [type: string, content: Buffer])[] = [
        ['application/octet-stream', Buffer.from(Array.from({ length: 256 }, (_, byte) => byte))],
        ['text/plain; charset=utf-8', Buffer.from('Grüße\r\n')],
        ['application/json', Buffer.from('{ "b": 1.0,\n "a": 1e2, "b2": null }\n')],
        ['Application/JSON; charset=UTF-8', Buffer.from('[1, 2]')],
        ['application/json', Buffer.from('not JSON at all')],
        ['multipart/mixed; boundary=x', Buffer.from('--x')],
        ['image/png', Buffer.alloc(100_000, 7)]
      ]
      for (const [index, [type, content]] of contents.entries()) {
        const query = { ...kind.scope, [idNameOf(kind)]: `document ${index}` }
        const put = await asker.send('PUT', kind.path, {
          query,
          body: content,
          headers: { 'content-type': type, 'if-none-match': '*' }
        })
        t.equal(put.status, 204, textOf(put))
        const found = await asker.send('GET', kind.path, { query })
        t.ok(found.body.equals(content), type)
        t.equal(found.headers.get('content-type'), type)
        t.equal(found.headers.get('etag'), sha1(content), 'Communication §3.1: the ETag is the SHA-1')
        t.match(found.headers.get('last-modified'), / GMT$/)
        const head = await asker.send('HEAD', kind.path, { query })
        t.equal(head.status, 200)
        t.equal(head.body.length, 0)
        t.equal(head.headers.get('content-length'), String(content.length))
        t.equal(head.headers.get('etag'), sha1(content))
      }
    })

    t.test(`ruling 20: ${name}: POST merges top-level keys, and keeps every value as it was written`, async (t) => {
      const document = documentIn(lrs.fresh(), kind)
      t.equal(
        (await document.post('{"a": 1.0, "b": {"x": 1}, "__proto__": 1}', json)).status,
        204,
        'where nothing is, it stores'
      )
      t.equal((await document.post('{"b": {"y": 12345678901234567890}, "c": null}', json)).status, 204)
      t.equal(textOf(await document.get()), '{"a": 1.0,"b": {"y": 12345678901234567890},"__proto__": 1,"c": null}')
      const before = await document.get()
      const refused = ['[]', '"text"', 'null', '1', '{', '', '{"a":1}x', Buffer.from([0x7b, 0xff, 0x7d])]
      for (const body of refused) {
        const answer = await document.post(body, json)
        t.equal(answer.status, 400, String(body))
        t.equal(jsonOf(answer).error, 'INVALID_DOCUMENT')
      }
      t.equal((await document.post('{"a":2}', { 'content-type': 'text/plain' })).status, 400, 'not of type JSON')
      const after = await document.get()
      t.ok(after.body.equals(before.body), 'unchanged')
      t.equal(after.headers.get('etag'), before.headers.get('etag'))
    })

    t.test(`ruling 20: ${name}: what is no JSON object cannot be merged into`, async (t) => {
      const document = documentIn(lrs.fresh(), kind)
      for (const [body, headers] of [
        ['[1]', json],
        ['{"a":1}', { 'content-type': 'text/plain' }],
        ['{', json]
      ] as const) {
        await document.send('DELETE', { headers: { 'if-match': '*' } })
        t.equal((await document.put(body, { ...headers, 'if-none-match': '*' })).status, 204)
        t.equal((await document.post('{"b":1}', json)).status, 400, body)
        t.equal(textOf(await document.get()), body)
      }
    })

    t.test(`ruling 22: ${name}: of parallel writers with one ETag exactly one wins`, async (t) => {
      const document = documentIn(lrs.fresh(), kind)
      await document.put({ a: 0 })
      const etag = await document.etag()
      const writers = Array.from({ length: 10 }, (_, a) => document.put({ a: a + 1 }, { 'if-match': etag }))
      const statuses = (await Promise.all(writers)).map(({ status }) => status)
      t.same(statuses.toSorted(), [204, ...Array(9).fill(412)])
      t.same(jsonOf(await document.get()), { a: statuses.indexOf(204) + 1 })
      const first = documentIn(lrs.fresh(), kind)
      const makers = await Promise.all(Array.from({ length: 10 }, (_, a) => first.put({ a })))
      t.same(makers.map(({ status }) => status).toSorted(), [204, ...Array(9).fill(412)], 'If-None-Match: *')
    })

    t.test(`ruling 22: ${name}: parallel merges all survive`, async (t) => {
      const document = documentIn(lrs.fresh(), kind)
      const merges = Array.from({ length: 40 }, (_, index) => document.post({ [`key${index}`]: index }))
      t.ok((await Promise.all(merges)).every(({ status }) => status === 204))
      t.same(jsonOf(await document.get()), Object.fromEntries(merges.map((_, index) => [`key${index}`, index])))
    })

    t.test(`ruling 22: ${name}: If-Match and If-None-Match as RFC 7232 has them`, async (t) => {
      const document = documentIn(lrs.fresh(), kind)
      t.equal((await document.put({}, { 'if-match': '*' })).status, 412, 'there is nothing to match')
      t.equal((await document.put({ a: 1 })).status, 204)
      const etag = await document.etag()
      const other = sha1(Buffer.from('other'))
      const statusWith = async (headers: Request['headers']): Promise<number> => {
        const { status } = await document.put({ a: 2 }, headers)
        if (status === 204) await document.put({ a: 1 }, { 'if-match': '*' })
        return status
      }
      t.equal(await statusWith({ 'if-none-match': '*' }), 412)
      t.equal(await statusWith({ 'if-none-match': etag }), 412)
      t.equal(await statusWith({ 'if-none-match': `W/${etag}` }), 412, 'compared weakly')
      t.equal(await statusWith({ 'if-none-match': other }), 204)
      t.equal(await statusWith({ 'if-match': other }), 412)
      t.equal(await statusWith({ 'if-match': `W/${etag}` }), 412, 'compared strongly')
      t.equal(await statusWith({ 'if-match': `${other}, ${etag}` }), 204, 'a list')
      t.equal(await statusWith({ 'if-match': `${other},W/${etag},"x"` }), 412)
      t.equal(await statusWith({ 'if-match': '*' }), 204)
      t.equal(await statusWith({ 'if-match': etag }), 204)
      t.equal(await statusWith({ 'if-match': etag, 'if-none-match': etag }), 412, 'both must hold')
      t.equal(await statusWith({ 'if-match': etag.toUpperCase() }), 412)
      for (const header of [
        '"',
        '',
        ',',
        '"a" "b"',
        '*, "a"',
        'a b',
        '"a',
        `${'"'.repeat(500)}`,
        'W/',
        `"${'a,'.repeat(2000)}`
      ]) {
        for (const name of ['if-match', 'if-none-match']) {
          const answer = await document.put({ a: 2 }, { [name]: header })
          t.equal(answer.status, 400, `${name}: ${header.slice(0, 20)}`)
          t.equal(jsonOf(answer).error, 'INVALID_HEADER')
        }
      }
      t.same(jsonOf(await document.get()), { a: 1 })
      t.equal((await document.post({ b: 1 }, { 'if-match': other })).status, 412, 'POST too')
      t.equal((await document.send('DELETE', { headers: { 'if-match': other } })).status, 412, 'DELETE too')
      t.equal((await document.send('DELETE', { headers: { 'if-match': etag } })).status, 204)
      t.equal((await document.get()).status, 404)
    })

    t.test(`Communication §2.2: ${name}: ids of all documents of a scope, and those changed since`, async (t) => {
      const asker = lrs.fresh()
      const names = ['one', 'two', 'ü/?&%', '__proto__', ' ', "';--"]
      const key = idNameOf(kind)
      t.same(await documentIn(asker, kind).ids(), [])
      for (const id of names) {
        const query = { ...kind.scope, [key]: id }
        const put = await asker.send('PUT', kind.path, { query, body: { id }, headers: { 'if-none-match': '*' } })
        t.equal(put.status, 204)
        t.same(jsonOf(await asker.send('GET', kind.path, { query })), { id })
      }
      t.same(new Set(await documentIn(asker, kind).ids()), new Set(names))
      t.same(await documentIn(asker, kind).ids({ since: '2100-01-01T00:00:00Z' }), [])
      t.same(new Set(await documentIn(asker, kind).ids({ since: '2020-01-01T00:00:00+02:00' })), new Set(names))
    })
  }

  t.test(
    'ruling 21: registration is part of the key of a State; where it is absent it is a key of its own',
    async (t) => {
      const asker = lrs.fresh()
      const { path, scope } = kinds.state
      const registrations = [anId(), anId()]
      const query = (registration?: string) => ({
        ...scope,
        stateId: 's',
        ...(registration === undefined ? {} : { registration })
      })
      await asker.send('PUT', path, { query: query(), body: { of: 'none' } })
      for (const registration of registrations)
        await asker.send('PUT', path, { query: query(registration), body: { of: registration } })
      t.same(jsonOf(await asker.send('GET', path, { query: query() })), { of: 'none' })
      for (const registration of registrations) {
        t.same(jsonOf(await asker.send('GET', path, { query: query(registration.toUpperCase()) })), {
          of: registration
        })
      }
      t.equal((await asker.send('GET', path, { query: query(anId()) })).status, 404)
      t.equal((await asker.send('DELETE', path, { query: query(registrations[0]) })).status, 204)
      t.equal((await asker.send('GET', path, { query: query(registrations[0]) })).status, 404)
      t.equal((await asker.send('GET', path, { query: query(registrations[1]) })).status, 200)
    }
  )

  t.test(
    'Communication §2.3: DELETE of State without stateId removes all of its scope, and nothing else',
    async (t) => {
      const asker = lrs.fresh()
      const { path, scope } = kinds.state
      const other = { ...scope, agent: withAccount('bob') }
      for (const stateId of ['a', 'b']) {
        await asker.send('PUT', path, { query: { ...scope, stateId }, body: {} })
        await asker.send('PUT', path, { query: { ...other, stateId }, body: {} })
      }
      t.equal((await asker.send('DELETE', path, { query: scope })).status, 204)
      t.same(jsonOf(await asker.send('GET', path, { query: scope })), [])
      t.same(jsonOf(await asker.send('GET', path, { query: other })), ['a', 'b'])
    }
  )

  if (isDurable(lrs.backend)) {
    t.test('documents are there after a restart', async (t) => {
      const document = documentIn(lrs.fresh(), kinds.state)
      await document.put({ a: 1 })
      const etag = await document.etag()
      await lrs.restart()
      t.same(jsonOf(await document.get()), { a: 1 })
      t.equal(await document.etag(), etag)
    })
  }
})

t.test(
  'Communication §3.1: PUT of a profile says which state it replaces; State may go without in 1.0.3',
  async (t) => {
    const lrs = await startLrs(t)
    for (const [name, kind] of Object.entries(kinds)) {
      const blind = { headers: {}, body: { a: 1 } }
      const document = documentIn(lrs.fresh(), kind)
      const isState = name === 'state'
      t.equal((await document.send('PUT', blind)).status, isState ? 204 : 400, `${name}: a new one`)
      await document.put({ a: 0 })
      const answer = await document.send('PUT', blind)
      t.equal(answer.status, isState ? 204 : 409, `${name}: one that exists`)
      const two = documentIn(lrs.fresh('2.0.0'), kind)
      t.equal((await two.send('PUT', blind)).status, 204, `${name} in 2.0: a new one`)
      t.equal((await two.send('PUT', blind)).status, 409, `${name} in 2.0: one that exists`)
    }
  }
)

t.test('a document without a content type, or without a body, is bytes', async (t) => {
  const lrs = await startLrs(t)
  const document = documentIn(lrs.fresh(), kinds.state)
  t.equal((await document.send('PUT')).status, 204)
  const empty = await document.get()
  t.equal(empty.body.length, 0)
  t.equal(empty.headers.get('content-type'), 'application/octet-stream')
  t.equal((await document.send('PUT', { body: Buffer.from('bytes') })).status, 204)
  t.equal(textOf(await document.get()), 'bytes')
})
