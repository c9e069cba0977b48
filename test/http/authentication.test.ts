import t from 'tap'
import { jsonOf, textOf } from '../support/answer.ts'
import { basic, type Client, forEachBackend, startLrs } from '../support/lrs.ts'
import { agentOf, password, type Username } from '../support/lrs-users.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { anActivity, refTo, withMbox } from '../support/statements.ts'

t.test('401 for no or bad credentials, on every resource, before anything else is looked at', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  const encoded = (text: string) => Buffer.from(text).toString('base64')
  const wrong: Readonly<Record<string, string | undefined>> = {
    none: undefined,
    nothing: '',
    'no such user': basic('mallory'),
    'a wrong password': basic('janedoe', 'wrong'),
    'an empty password': basic('janedoe', ''),
    'a password in another case': basic('janedoe', password.toUpperCase()),
    'a user in another case': basic('Janedoe'),
    'no colon': `Basic ${encoded('janedoe')}`,
    'another scheme': 'Bearer abc',
    'the scheme alone': 'Basic',
    'no base64': 'Basic !!!!',
    'a NUL behind the user': basic('janedoe\0'),
    'a NUL in the password': basic('janedoe', `${password}\0`),
    'a very long password': basic('janedoe', 'x'.repeat(6000)),
    'bytes that are not UTF-8': `Basic ${Buffer.from([0xff, 0x3a, 0xff]).toString('base64')}`,
    'a key of every object': basic('__proto__'),
    'a digest': 'Digest username="janedoe"'
  }
  for (const [what, authorization] of Object.entries(wrong)) {
    const answer = await asker.get({}, { headers: { authorization } })
    t.equal(answer.status, 401, what)
    t.equal(jsonOf(answer).error, 'UNAUTHENTICATED', what)
  }
  const nobody = { headers: { authorization: undefined } }
  for (const path of [
    '/xAPI/statements',
    '/xAPI/agents',
    '/xAPI/activities',
    '/xAPI/activities/state',
    '/xAPI/activities/profile',
    '/xAPI/agents/profile',
    '/whoami'
  ]) {
    t.equal((await asker.send('GET', path, nobody)).status, 401, path)
  }
  t.equal((await asker.send('POST', '/xAPI/statements', { ...nobody, body: '{' })).status, 401, 'the body is not read')
  t.equal(
    (await asker.send('DELETE', '/xAPI/statements', nobody)).status,
    401,
    'nor is it said which methods there are'
  )
  t.equal(
    (await asker.get({}, { headers: { authorization: basic('janedoe').replace('Basic', 'bASIC') } })).status,
    200,
    'the scheme has no case'
  )
  t.same(lrs.log, [], 'nothing that an operator must see')
})

t.test('too many unknown credentials at once are 503 with Retry-After; who is known is served', async (t) => {
  const lrs = await startLrs(t, { authentication: { queue: { atOnce: 1, waiting: 1 } } })
  const asker = lrs.as('janedoe')
  t.equal((await asker.get()).status, 200)
  const flood = Array.from({ length: 30 }, (_, index) =>
    asker.get({}, { headers: { authorization: basic('invented', `guess ${index}`) } })
  )
  const known = await Promise.all(Array.from({ length: 10 }, () => asker.get()))
  const statuses = new Set((await Promise.all(flood)).map(({ status }) => status))
  t.ok(known.every(({ status }) => status === 200))
  t.same(statuses, new Set([401, 503]))
})

const state = { activityId: anActivity('a').id, agent: withMbox('alice'), stateId: 's' }
const profile = { activityId: anActivity('a').id, profileId: 'p' }
const agentProfile = { agent: withMbox('alice'), profileId: 'p' }
const unconditional = { 'if-none-match': '"x"' }

/** What each scope allows, and nothing else does (Communication §4.0). */
const attempts: Readonly<Record<string, (asker: Client) => Promise<{ readonly status: number }>>> = {
  'statements/write': (asker) => asker.post(sent()),
  'statements/write by PUT': (asker) => {
    const statement = sent()
    return asker.send('PUT', '/xAPI/statements', { query: { statementId: statement.id }, body: statement })
  },
  'statements/read/mine': (asker) => asker.get(),
  'statements/read/mine of a Person': (asker) => asker.send('GET', '/xAPI/agents', { query: { agent: withMbox('a') } }),
  'statements/read/mine of an Activity': (asker) =>
    asker.send('GET', '/xAPI/activities', { query: { activityId: anActivity('a').id } }),
  'state/write by PUT': (asker) => asker.send('PUT', '/xAPI/activities/state', { query: state, body: {} }),
  'state/write by POST': (asker) => asker.send('POST', '/xAPI/activities/state', { query: state, body: {} }),
  'state/read': (asker) =>
    asker.send('GET', '/xAPI/activities/state', { query: { activityId: state.activityId, agent: state.agent } }),
  'state/write by DELETE': (asker) => asker.send('DELETE', '/xAPI/activities/state', { query: state }),
  'profile/write by PUT': (asker) =>
    asker.send('PUT', '/xAPI/activities/profile', { query: profile, body: {}, headers: unconditional }),
  'profile/write by POST': (asker) => asker.send('POST', '/xAPI/agents/profile', { query: agentProfile, body: {} }),
  'profile/read': (asker) =>
    asker.send('GET', '/xAPI/activities/profile', { query: { activityId: profile.activityId } }),
  'profile/read of an Agent': (asker) =>
    asker.send('GET', '/xAPI/agents/profile', { query: { agent: agentProfile.agent } }),
  'profile/write by DELETE': (asker) => asker.send('DELETE', '/xAPI/agents/profile', { query: agentProfile })
}

const allowed: { readonly [username in Username]?: RegExp } = {
  janedoe: /./,
  everything_reader: /read/,
  nobody: /^$/,
  writer: /^statements\/write/,
  definer: /^statements\/write/,
  mine: /^statements/,
  reader: /^statements\/read/,
  state_reader: /^state\/read/,
  state_writer: /^state\/write/,
  profile_reader: /^profile\/read/,
  profile_writer: /^profile\/write/
}

t.test('where scopes are enforced, a missing one is 403 and says which', async (t) => {
  const lrs = await startLrs(t, { settings: { restrictByScopes: true, restrictByAuthority: true } })
  for (const [username, may] of Object.entries(allowed)) {
    for (const [what, attempt] of Object.entries(attempts)) {
      const { status } = await attempt(lrs.as(username))
      if (may.test(what)) t.ok(status === 200 || status === 204, `${username}, ${what}: ${status}`)
      else t.equal(status, 403, `${username}, ${what}`)
    }
  }
  const answer = await lrs.as('reader').post(sent())
  t.equal(jsonOf(answer).error, 'FORBIDDEN')
  t.equal(jsonOf(answer).scope, 'statements/write')
})

t.test('where scopes are not enforced, everybody who is known may do everything', async (t) => {
  const lrs = await startLrs(t)
  for (const [what, attempt] of Object.entries(attempts)) {
    const { status } = await attempt(lrs.as('nobody'))
    t.ok(status === 200 || status === 204, `${what}: ${status}`)
  }
})

forEachBackend(
  t,
  (t, lrs) => {
    t.test('decision 12: who may read `mine` only sees that in lists and single reads, by authority', async (t) => {
      const [mine, jane] = [lrs.as('mine'), lrs.as('janedoe')]
      const [own] = await mine.store(sent({ actor: withMbox('alice') }))
      const foreign = sent({ actor: withMbox('alice') })
      await jane.store(foreign)
      const reference = sent({ object: refTo(foreign) })
      await mine.store(reference)
      t.same(await mine.list(), [reference.id, own])
      t.same(await mine.list({ agent: withMbox('alice') }), [own], 'no filter looks into what one may not read')
      t.same(await jane.list({ agent: withMbox('alice') }), [reference.id, foreign.id, own])
      t.equal((await mine.get({ statementId: foreign.id })).status, 404)
      t.equal((await mine.get({ statementId: own ?? '' })).status, 200)
      t.same(await jane.list(), [reference.id, foreign.id, own], 'who may read all does')
      t.same(await lrs.as('reader').list(), [reference.id, foreign.id, own])
      t.same(await jane.list({ mine: true }), [foreign.id])
      t.equal((await jane.get({ statementId: own ?? '', mine: true })).status, 404, 'asked for')
      t.same(await jane.list({ mine: false }), [reference.id, foreign.id, own])
      t.same(await mine.list({ mine: false }), [reference.id, own], 'not to be had by asking')
    })

    t.test('a voided statement of somebody else is nobody’s but theirs', async (t) => {
      const [mine, jane] = [lrs.as('mine'), lrs.as('janedoe')]
      const foreign = sent()
      await jane.store(foreign, sent({ verb: { id: 'http://adlnet.gov/expapi/verbs/voided' }, object: refTo(foreign) }))
      t.equal((await mine.get({ voidedStatementId: foreign.id })).status, 404)
      t.equal((await jane.get({ voidedStatementId: foreign.id })).status, 200)
    })

    t.test('`mine` goes along in `more`, for whoever follows it', async (t) => {
      const [mine, jane] = [lrs.as('mine'), lrs.as('janedoe')]
      await jane.store(sent(), sent(), sent())
      const { more } = jsonOf(await jane.get({ limit: 1 }))
      const authorities = jsonOf(await mine.send('GET', more)).statements.map(
        ({ authority }: { authority: object }) => authority
      )
      for (const authority of authorities) t.match(authority, agentOf('mine'))
    })

    t.test('targets are separate stores: statements, documents, definitions, attachments', async (t) => {
      const [here, there] = [lrs.as('janedoe'), lrs.as('elsewhere')]
      const essay = sent({
        attachments: [attachmentOf('essay')],
        object: anActivity('elsewhere', { name: { en: 'There' } })
      })
      t.equal((await there.post(undefined, multipart([statementPart(essay), contentPart('essay')]))).status, 200)
      await there.send('PUT', '/xAPI/activities/state', { query: state, body: { a: 1 } })
      t.equal((await here.get({ statementId: essay.id })).status, 404)
      t.notOk((await here.list()).includes(essay.id))
      t.equal((await here.send('GET', '/xAPI/activities/state', { query: state })).status, 404)
      const activity = await here.send('GET', '/xAPI/activities', { query: { activityId: anActivity('elsewhere').id } })
      t.same(jsonOf(activity), { objectType: 'Activity', id: anActivity('elsewhere').id })
      t.notMatch(textOf(await here.get({ attachments: true })), /essay/)
      t.equal((await there.get({ statementId: essay.id })).status, 200)
      const other = sent({ id: essay.id, verb: { id: 'https://verb.example.org/other' } })
      t.equal((await here.post(other)).status, 200, 'the same id is another statement here')
      t.same((await there.read(essay.id)).verb, essay.verb)
    })
  },
  { settings: { restrictByAuthority: true, restrictByScopes: true } }
)

t.test('RALPH_LRS_RESTRICT_BY_AUTHORITY alone restricts everybody to their own', async (t) => {
  const lrs = await startLrs(t, { settings: { restrictByAuthority: true } })
  const [john, jane] = [lrs.as('john'), lrs.as('janedoe')]
  const [own] = await john.store(sent())
  const [foreign = ''] = await jane.store(sent())
  t.same(await john.list(), [own])
  t.same(await jane.list(), [foreign])
  t.equal((await john.get({ statementId: foreign })).status, 404)
})

t.test(
  'Communication §4.0: without `define` nobody’s definitions are learned, where scopes are enforced',
  async (t) => {
    const settings = { restrictByScopes: true, restrictByAuthority: true }
    const lrs = await startLrs(t, { settings })
    const activityId = anActivity('course').id
    const definitionSeen = async () =>
      jsonOf(await lrs.as('janedoe').send('GET', '/xAPI/activities', { query: { activityId } })).definition
    const [id] = await lrs.as('writer').store(sent({ object: anActivity('course', { name: { en: 'By a writer' } }) }))
    t.equal(await definitionSeen(), undefined)
    t.match(
      (await lrs.as('janedoe').read(id)).object,
      { definition: { name: { en: 'By a writer' } } },
      'the statement is kept as it is'
    )
    await lrs.as('definer').store(sent({ object: anActivity('course', { name: { en: 'By a definer' } }) }))
    t.same(await definitionSeen(), { name: { en: 'By a definer' } })
  }
)
