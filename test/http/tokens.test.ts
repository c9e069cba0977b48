import { randomUUID } from 'node:crypto'
import t, { type Test } from 'tap'
import { jsonOf } from '../support/answer.ts'
import { type Client, idsIn, type LrsOptions, startLrs } from '../support/lrs.ts'
import { aStatement } from '../support/statements.ts'

const actor = { mbox: 'mailto:learner@example.org' }
const other = { mbox: 'mailto:other@example.org' }
const activity = 'https://example.org/course/unit'
const registration = randomUUID()

const make = async (client: Client, wanted: object = {}, request: object = {}) => {
  const body = { actor, registration, activity, ...wanted }
  const answer = await client.send('POST', '/auth/tokens', { body, ...request })
  if (answer.status !== 201) throw new Error(`${answer.status} ${answer.body}`)
  return jsonOf(answer)
}

const bearer = (token: string, more: object = {}) => ({ headers: { authorization: `Bearer ${token}`, ...more } })

/** What the content of the token may send. */
const own = (more: object = {}) => {
  const { authority: _, ...statement } = aStatement({
    actor,
    object: { id: activity },
    context: { registration }
  } as object)
  return { ...statement, ...more }
}

const started = async (t: Test, options: LrsOptions = {}) => {
  const lrs = await startLrs(t, options)
  return { lrs, admin: lrs.as('janedoe') }
}

t.test(
  'content sends and reads what belongs to its learner, registration and Activity, and nothing else',
  async (t) => {
    const { admin } = await started(t)
    const { token, authToken, expires } = await make(admin)
    t.match(token, /^ralph_token_\w{24}_\w{49}$/)
    t.ok(Date.parse(expires) > Date.now())
    const content = bearer(token)
    const sent = await admin.post(own(), content)
    t.equal(sent.status, 200)
    const [id] = jsonOf(sent)
    t.equal(
      (await admin.post(own(), { headers: { authorization: `Basic ${authToken}` } })).status,
      200,
      'as cmi5 has it'
    )
    const grouping = { registration, contextActivities: { grouping: [{ id: activity }] } }
    t.equal(
      (await admin.post(own({ object: { id: 'https://example.org/x' }, context: grouping }), content)).status,
      200
    )

    const voiding = {
      verb: { id: 'http://adlnet.gov/expapi/verbs/voided' },
      object: { objectType: 'StatementRef', id }
    }
    for (const [statement, what] of [
      [own({ actor: other }), 'another actor'],
      [own({ actor: { objectType: 'Group', member: [actor] } }), 'a group with the learner'],
      [own({ context: { registration: randomUUID() } }), 'another registration'],
      [own({ context: undefined }), 'no registration'],
      [own({ object: { id: 'https://example.org/other' } }), 'another Activity'],
      [own({ ...voiding, context: grouping }), 'a voiding statement']
    ] as const) {
      t.equal((await admin.post(statement, content)).status, 403, what)
      t.equal((await admin.post([own(), statement], content)).status, 403, `a batch with ${what}`)
      const partly = await admin.send('POST', '/xAPI/statements', {
        query: { partialSuccess: true },
        body: [statement],
        ...content
      })
      t.match(jsonOf(partly), { inserted: 0, errors: [{ code: 'FORBIDDEN' }] }, `partly: ${what}`)
    }

    const foreign = await admin.store(own({ actor: other }), own({ context: { registration: randomUUID() } }))
    const referring = own({ actor: other, object: { objectType: 'StatementRef', id } })
    const [reference] = await admin.store(referring)
    const read = await admin.get({}, content)
    t.equal(idsIn(read).length, 3)
    t.notOk(
      idsIn(read).some((each) => [...foreign, reference].includes(each)),
      'its own, and not what refers to it'
    )
    for (const each of [...foreign, reference]) {
      t.equal((await admin.get({ statementId: each ?? '' }, content)).status, 404)
    }
    t.equal((await admin.get({ statementId: id ?? '' }, content)).status, 200)
    t.equal((await admin.get({ agent: other }, content)).status, 403)
    t.equal((await admin.get({ registration: randomUUID() }, content)).status, 403)
    t.equal(idsIn(await admin.get({ agent: actor, registration, related_agents: true }, content)).length, 3)
  }
)

t.test('documents are those of the learner, the registration and the Activity', async (t) => {
  const { admin } = await started(t)
  const { token } = await make(admin)
  const content = bearer(token)
  const state = { activityId: activity, agent: actor, registration, stateId: 'suspend' }
  const asked = async (method: string, path: string, query: object, body?: object) =>
    (await admin.send(method, path, { query: { ...query }, ...(body && { body }), ...content })).status
  t.equal(await asked('PUT', '/xAPI/activities/state', state, { page: 1 }), 204)
  t.equal(await asked('GET', '/xAPI/activities/state', state), 200)
  t.equal(await asked('GET', '/xAPI/agents/profile', { agent: actor, profileId: 'cmi5LearnerPreferences' }), 404)
  for (const [path, query] of [
    ['/xAPI/activities/state', { ...state, agent: other }],
    ['/xAPI/activities/state', { ...state, registration: randomUUID() }],
    ['/xAPI/activities/state', { activityId: activity, agent: actor, stateId: 'suspend' }],
    ['/xAPI/activities/state', { ...state, activityId: 'https://example.org/other' }],
    ['/xAPI/activities/state', { activityId: activity, agent: actor }],
    ['/xAPI/agents/profile', { agent: other }],
    ['/xAPI/activities/profile', { activityId: 'https://example.org/other' }],
    ['/xAPI/agents', { agent: other }],
    ['/xAPI/activities', { activityId: 'https://example.org/other' }]
  ] as const) {
    t.equal(await asked('GET', path, query), 403, `${path} ${JSON.stringify(query)}`)
  }
  t.equal(await asked('DELETE', '/xAPI/activities/state', { activityId: activity, agent: actor }), 403)
  t.equal(await asked('PUT', '/xAPI/agents/profile', { agent: actor, profileId: 'x' }, {}), 403, 'not a usual scope')
})

t.test('a token opens nothing but statements and documents, and makes no other token', async (t) => {
  const { admin } = await started(t)
  const content = bearer((await make(admin, { registration: undefined, activity: undefined })).token)
  for (const [method, path] of [
    ['GET', '/auth/keys'],
    ['POST', '/auth/keys'],
    ['POST', '/auth/tokens'],
    ['DELETE', '/auth/tokens/x']
  ] as const) {
    t.equal((await admin.send(method, path, { ...content, ...(method === 'POST' && { body: { actor } }) })).status, 403)
  }
  for (const scope of ['all', 'all/read', 'authority/write', 'statements/read']) {
    const answer = await admin.send('POST', '/auth/tokens', { body: { actor, scopes: [scope] } })
    t.match([answer.status, jsonOf(answer)], [400, { parameter: 'scopes' }], scope)
  }
})

t.test('nobody gives rights that it does not have, and a token ends with the key that made it', async (t) => {
  const { lrs, admin } = await started(t, { settings: { restrictByScopes: true, restrictByAuthority: true } })
  const writer = lrs.as('writer')
  const refused = await writer.send('POST', '/auth/tokens', { body: { actor, scopes: ['state/read'] } })
  t.match([refused.status, jsonOf(refused)], [403, { scope: 'state/read' }])
  t.equal((await lrs.as('mine').send('POST', '/auth/tokens', { body: { actor } })).status, 403)
  const { token } = await make(writer, { scopes: ['statements/write'] })
  t.equal((await admin.post(own(), bearer(token))).status, 200)

  const body = { label: 'LMS', scopes: ['statements/write', 'statements/read/mine'] }
  const key = jsonOf(await admin.send('POST', '/auth/keys', { body }))
  const made = await make(admin, { scopes: body.scopes }, bearer(key.key))
  t.equal((await admin.get({}, bearer(made.token))).status, 200)
  t.equal((await admin.send('DELETE', `/auth/keys/${key.id}`)).status, 204)
  t.equal((await admin.get({}, bearer(made.token))).status, 401)
})

t.test('the fetch URL of cmi5 gives its token once, whoever asks at the same time', async (t) => {
  const { lrs, admin } = await started(t)
  const { fetch: url, id } = await make(admin, { fetch: true })
  t.match(url, new RegExp(`^http://127.0.0.1:${lrs.port}/auth/fetch\\?code=ralph_fetch_\\w+$`))
  const ask = async (address: string, init: object = {}) => {
    const response = await fetch(address, { method: 'POST', ...init })
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      body: JSON.parse(await response.text())
    }
  }
  t.equal((await fetch(url)).status, 405, 'only POST')
  const answers = await Promise.all([1, 2, 3, 4, 5].map(() => ask(url)))
  t.ok(answers.every(({ status, type }) => status === 200 && type?.startsWith('application/json')))
  const tokens = answers.flatMap(({ body }) => body['auth-token'] ?? [])
  t.equal(tokens.length, 1)
  t.equal(answers.filter(({ body }) => body['error-code'] === '1' && body['error-text'] !== '').length, 4)
  const content = { headers: { authorization: `Basic ${tokens[0]}` } }
  t.equal((await admin.post(own(), content)).status, 200)
  t.match((await ask(url.replace(/.{3}$/, 'AAA'))).body, { 'error-code': '2' })
  t.match((await ask(url.replace('code=', 'kode='))).body, { 'error-code': '2' })
  t.equal(
    (await admin.get({}, bearer(new URL(url).searchParams.get('code') ?? ''))).status,
    401,
    'it is no token itself'
  )
  t.equal((await admin.send('DELETE', `/auth/tokens/${id}`)).status, 404)

  const form = { body: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }
  const next = await make(admin, { fetch: true })
  t.match((await ask(next.fetch, form)).body, { 'auth-token': String }, 'whatever it sends along')
  const revoked = await make(admin, { fetch: true })
  t.equal((await admin.send('DELETE', `/auth/tokens/${revoked.id}`)).status, 204)
  t.match((await ask(revoked.fetch)).body, { 'error-code': '1' })
  t.notMatch(lrs.log.join(''), 'ralph_fetch')
})

t.test('tokens and fetch URLs expire, and a token can be revoked', async (t) => {
  let now = Date.now() * 1000
  const { admin } = await started(t, { clock: () => now })
  const first = await make(admin, { expiresIn: 60 })
  const late = await make(admin, { expiresIn: 60, fetch: true })
  const lasting = await make(admin, { expiresIn: 3600, origins: ['https://content.example.org'] })
  t.equal((await admin.get({}, bearer(first.token))).status, 200)
  now += 61_000_000
  t.equal((await admin.get({}, bearer(first.token))).status, 401)
  t.match(JSON.parse(await (await fetch(late.fetch, { method: 'POST' })).text()), { 'error-code': '1' })
  const page = bearer(lasting.token, { origin: 'https://content.example.org' })
  t.equal((await admin.get({}, page)).status, 200)
  t.equal((await admin.get({}, bearer(lasting.token))).status, 403, 'a token of a page is good for that page')
  t.equal((await admin.send('DELETE', `/auth/tokens/${lasting.id}`)).status, 204)
  t.equal((await admin.get({}, page)).status, 401)
  for (const [body, parameter] of [
    [{}, 'actor'],
    [{ actor: { objectType: 'Group', member: [] } }, 'actor'],
    [{ actor, registration: 'x' }, 'registration'],
    [{ actor, activity: 'x' }, 'activity'],
    [{ actor, expiresIn: 0 }, 'expiresIn'],
    [{ actor, expiresIn: 1e9 }, 'expiresIn'],
    [{ actor, target: 'x' }, 'target']
  ] as const) {
    const answer = await admin.send('POST', '/auth/tokens', { body })
    t.match([answer.status, jsonOf(answer)], [400, { parameter }], JSON.stringify(body))
  }
})
