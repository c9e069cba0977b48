import t from 'tap'
import type { Agent } from '../../src/xapi/statement.ts'
import { jsonOf } from '../support/answer.ts'
import { forEachBackend, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import {
  anActivity,
  anonymousGroup,
  aSubStatement,
  everyKindOfAgent,
  identifiedGroup,
  refTo,
  withAccount,
  withMbox,
  withSha1
} from '../support/statements.ts'

const alice = withMbox('alice')
const bob = withMbox('bob')

forEachBackend(t, (t, lrs) => {
  t.test('ruling 1: `agent` matches Actor and Object: Agent, identified Group, member of a Group', async (t) => {
    for (const [kind, agent] of Object.entries(everyKindOfAgent('alice'))) {
      const asker = lrs.fresh()
      const matching = [
        sent({ actor: agent }),
        sent({ actor: { objectType: 'Agent', name: 'Any name', ...agent } }),
        sent({ object: { objectType: 'Agent', ...agent } }),
        sent({ actor: identifiedGroup(agent) }),
        sent({ object: identifiedGroup(agent, bob) }),
        sent({ actor: anonymousGroup(bob, agent) }),
        sent({ actor: identifiedGroup(bob, agent) }),
        sent({ object: anonymousGroup(agent) })
      ]
      const others = [
        sent({ actor: bob }),
        sent({ actor: anonymousGroup(bob) }),
        sent({ context: { instructor: agent, team: identifiedGroup(agent) } }),
        sent({ object: aSubStatement({ actor: agent }) })
      ]
      await asker.store(...matching, ...others)
      const ids = matching.map(({ id }) => id)
      t.same(await asker.list({ agent, ascending: true }), ids, kind)
      t.same(await asker.list({ agent: identifiedGroup(agent), ascending: true }), ids, `${kind}, asked as a Group`)
    }
  })

  t.test('ruling 1: agents are the same when kind and value of their identifier are', async (t) => {
    const asker = lrs.fresh()
    const account = withAccount('alice')
    const mine = [sent({ actor: alice }), sent({ actor: withSha1('alice') }), sent({ actor: account })]
    await asker.store(
      ...mine,
      sent({ actor: withAccount('Alice') }),
      sent({ actor: withAccount('alice', 'https://other.example.org') })
    )
    for (const [index, { id, actor }] of mine.entries())
      t.same(await asker.list({ agent: actor }), [id], `kind ${index}`)
    t.same(await asker.list({ agent: { mbox: 'mailto:alice@EXAMPLE.org' } }), [mine[0]?.id], 'a domain has no case')
    t.same(await asker.list({ agent: { mbox: 'mailto:Alice@example.org' } }), [], 'what is in front of it has')
  })

  t.test(
    'ruling 3: `related_agents` adds Authority, Instructor, Team, and all of them in a SubStatement',
    async (t) => {
      const asker = lrs.fresh('2.0.0')
      const group = anonymousGroup(alice)
      const related = [
        sent({ context: { instructor: alice } }),
        sent({ context: { instructor: group } }),
        sent({ context: { team: identifiedGroup(alice) } }),
        sent({ context: { team: group } }),
        sent({ object: aSubStatement({ actor: alice }) }),
        sent({ object: aSubStatement({ object: { objectType: 'Agent', ...alice } }) }),
        sent({ object: aSubStatement({ context: { instructor: alice } }) }),
        sent({ object: aSubStatement({ context: { team: group } }) }),
        sent({ context: { contextAgents: [{ objectType: 'contextAgent', agent: alice }] } }),
        sent({ context: { contextGroups: [{ objectType: 'contextGroup', group }] } })
      ]
      await asker.store(...related, sent({ actor: bob }))
      const ids = related.map(({ id }) => id)
      t.same(await asker.list({ agent: alice }), [])
      t.same(await asker.list({ agent: alice, related_agents: false }), [])
      t.same(await asker.list({ agent: alice, related_agents: true, ascending: true }), ids)
      const me = { mbox: `mailto:${asker.username}@example.org` }
      t.equal((await asker.list({ agent: me, related_agents: true })).length, related.length + 1, 'the Authority')
      t.same(await asker.list({ agent: me }), [])
    }
  )

  t.test('ruling 5: `agent` is met by what a statement refers to', async (t) => {
    const asker = lrs.fresh()
    const target = sent({ actor: alice })
    const about = sent({ actor: bob, object: refTo(target) })
    await asker.store(about)
    t.same(await asker.list({ agent: alice }), [])
    await asker.store(target)
    t.same(await asker.list({ agent: alice }), [target.id, about.id])
  })

  t.test('ruling 21: `agent` of a document or a Person is its identifier, not the text of its JSON', async (t) => {
    const asker = lrs.fresh()
    const scope = { activityId: anActivity('a').id, stateId: 's' }
    const first = { ...scope, agent: '{"objectType":"Agent","mbox":"mailto:alice@example.org","name":"Alice"}' }
    const again = { ...scope, agent: '{ "mbox":"mailto:alice@EXAMPLE.ORG" }' }
    await asker.send('PUT', '/xAPI/activities/state', { query: first, body: { a: 1 } })
    t.same(jsonOf(await asker.send('GET', '/xAPI/activities/state', { query: again })), { a: 1 })
  })
})

t.test('ruling 2: what is neither Agent nor identified Group is 400', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  const wrong: Readonly<Record<string, unknown>> = {
    'no identifier': { name: 'Alice' },
    nothing: {},
    'two identifiers': { ...alice, ...withAccount('alice') },
    'an unknown key': { ...alice, email: 'alice@example.org' },
    'an mbox without mailto:': { mbox: 'alice@example.org' },
    'an mbox without a domain': { mbox: 'mailto:alice' },
    'a wrong objectType': { objectType: 'Activity', ...alice },
    'objectType in another case': { objectType: 'agent', ...alice },
    'an anonymous Group': anonymousGroup(alice),
    'an Agent with members': { ...alice, member: [bob] },
    'an account without a name': { account: { homePage: 'https://school.example.org' } },
    'an account whose homePage has no scheme': { account: { homePage: 'school.example.org', name: 'alice' } },
    'an mbox_sha1sum that is none': { mbox_sha1sum: 'abc' },
    'an openid that is no URI': { openid: 'alice' },
    null: { mbox: null },
    'a number': { mbox: 1 },
    'a list': [alice],
    'a key that every object has': JSON.parse('{"mbox":"mailto:alice@example.org","__proto__":{"a":1}}')
  }
  const texts: Readonly<Record<string, string>> = {
    'no JSON': 'alice',
    'an empty text': '',
    'a JSON string': '"mailto:alice@example.org"',
    'a JSON null': 'null',
    'a lone surrogate': '{"mbox":"mailto:alice@example.org","name":"\\ud800"}',
    'bottomless depth': `{"mbox":${'['.repeat(400)}${']'.repeat(400)}}`
  }
  const all = {
    ...Object.fromEntries(Object.entries(wrong).map(([what, value]) => [what, JSON.stringify(value)])),
    ...texts
  }
  const activityId = anActivity('a').id
  for (const [what, agent] of Object.entries(all)) {
    for (const [path, query] of [
      ['/xAPI/statements', { agent }],
      ['/xAPI/agents', { agent }],
      ['/xAPI/activities/state', { activityId, agent, stateId: 's' }],
      ['/xAPI/agents/profile', { agent, profileId: 'p' }]
    ] as const) {
      const answer = await asker.send('GET', path, { query })
      t.equal(answer.status, 400, `${path}: ${what}`)
      t.equal(jsonOf(answer).parameter, 'agent', what)
    }
  }
})

t.test('ruling 2: /agents, State and Agent Profile take an Agent only: a Group is 400', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  const agent: Agent = alice
  const group = identifiedGroup(agent)
  const activityId = anActivity('a').id
  t.equal((await asker.get({ agent: group })).status, 200)
  for (const [path, query] of [
    ['/xAPI/agents', {}],
    ['/xAPI/activities/state', { activityId }],
    ['/xAPI/agents/profile', {}]
  ] as const) {
    t.equal((await asker.send('GET', path, { query: { ...query, agent: group } })).status, 400, path)
    t.equal((await asker.send('GET', path, { query: { ...query, agent } })).status, 200, path)
  }
})
