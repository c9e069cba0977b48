import t from 'tap'
import type { StatementFilters } from '../../src/xapi/filters.ts'
import { identifierKey } from '../../src/xapi/identifier.ts'
import type { Agent, Statement } from '../../src/xapi/statement.ts'
import { everyActivity, everyActor, everyVerb, inheritableTerms, ownTerms, termsOfQuery } from '../../src/xapi/terms.ts'
import {
  anActivity,
  anonymousGroup,
  aStatement,
  aSubStatement,
  aVerb,
  identifiedGroup,
  refTo,
  withAccount,
  withMbox
} from '../support/statements.ts'

const someone = withMbox('someone')
const key = identifierKey(someone) ?? ''

const finds = (filters: StatementFilters, statement: Statement): boolean => {
  const terms = new Set([...inheritableTerms(statement), ...ownTerms(statement)])
  return termsOfQuery(filters).every((term) => terms.has(term))
}

/** Where an Agent may stand, and whether `agent` alone looks there. */
const places: Readonly<Record<string, readonly [direct: boolean, of: (agent: Agent) => Statement]>> = {
  'the Actor': [true, (agent) => aStatement({ actor: agent })],
  'a member of an anonymous Group as Actor': [
    true,
    (agent) => aStatement({ actor: anonymousGroup(withMbox('x'), agent) })
  ],
  'an identified Group as Actor': [true, (agent) => aStatement({ actor: identifiedGroup(agent) })],
  'a member of an identified Group as Actor': [
    true,
    (agent) => aStatement({ actor: identifiedGroup(withMbox('x'), agent) })
  ],
  'the Object': [true, (agent) => aStatement({ object: { objectType: 'Agent', ...agent } })],
  'a member of a Group as Object': [true, (agent) => aStatement({ object: anonymousGroup(agent) })],
  'the Authority': [false, (agent) => aStatement({ authority: agent })],
  'a member of the Authority (OAuth)': [
    false,
    (agent) => aStatement({ authority: anonymousGroup(withAccount('app'), agent) })
  ],
  'the Instructor': [false, (agent) => aStatement({ context: { instructor: agent } })],
  'a member of the Instructor': [false, (agent) => aStatement({ context: { instructor: anonymousGroup(agent) } })],
  'the Team': [false, (agent) => aStatement({ context: { team: identifiedGroup(agent) } })],
  'a member of the Team': [false, (agent) => aStatement({ context: { team: anonymousGroup(agent) } })],
  contextAgents: [
    false,
    (agent) => aStatement({ context: { contextAgents: [{ objectType: 'contextAgent', agent }] } })
  ],
  contextGroups: [
    false,
    (agent) =>
      aStatement({ context: { contextGroups: [{ objectType: 'contextGroup', group: identifiedGroup(agent) }] } })
  ],
  'a member in contextGroups': [
    false,
    (agent) =>
      aStatement({ context: { contextGroups: [{ objectType: 'contextGroup', group: anonymousGroup(agent) }] } })
  ],
  'the Actor of a SubStatement': [false, (agent) => aStatement({ object: aSubStatement({ actor: agent }) })],
  'a member of the Actor of a SubStatement': [
    false,
    (agent) => aStatement({ object: aSubStatement({ actor: anonymousGroup(agent) }) })
  ],
  'the Object of a SubStatement': [
    false,
    (agent) => aStatement({ object: aSubStatement({ object: { objectType: 'Agent', ...agent } }) })
  ],
  'the Instructor of a SubStatement': [
    false,
    (agent) => aStatement({ object: aSubStatement({ context: { instructor: agent } }) })
  ],
  'the Team of a SubStatement': [
    false,
    (agent) => aStatement({ object: aSubStatement({ context: { team: anonymousGroup(agent) } }) })
  ],
  'contextAgents of a SubStatement': [
    false,
    (agent) =>
      aStatement({ object: aSubStatement({ context: { contextAgents: [{ objectType: 'contextAgent', agent }] } }) })
  ],
  'contextGroups of a SubStatement': [
    false,
    (agent) =>
      aStatement({
        object: aSubStatement({
          context: { contextGroups: [{ objectType: 'contextGroup', group: anonymousGroup(agent) }] }
        })
      })
  ]
}

for (const [place, [direct, of]] of Object.entries(places)) {
  t.test(`rulings 1 and 3: ${direct ? 'agent' : 'only related_agents'} finds ${place}`, async (t) => {
    t.equal(finds({ agent: key }, of(someone)), direct)
    t.ok(finds({ agent: key, relatedAgents: true }, of(someone)))
    t.notOk(finds({ agent: key, relatedAgents: true }, of(withMbox('another'))))
  })
}

const activity = anActivity('searched')
const activities: Readonly<Record<string, readonly [direct: boolean, statement: Statement]>> = {
  'the Object': [true, aStatement({ object: activity })],
  'the Object without objectType': [true, aStatement({ object: { id: activity.id } })],
  parent: [false, aStatement({ context: { contextActivities: { parent: [anActivity('x'), activity] } } })],
  grouping: [false, aStatement({ context: { contextActivities: { grouping: [activity] } } })],
  category: [false, aStatement({ context: { contextActivities: { category: [activity] } } })],
  other: [false, aStatement({ context: { contextActivities: { other: [activity] } } })],
  'a single Activity in place of an array': [
    false,
    aStatement({ context: { contextActivities: { other: activity } } })
  ],
  'the Object of a SubStatement': [false, aStatement({ object: aSubStatement({ object: activity }) })],
  'contextActivities of a SubStatement': [
    false,
    aStatement({ object: aSubStatement({ context: { contextActivities: { parent: [activity] } } }) })
  ]
}

for (const [place, [direct, statement]] of Object.entries(activities)) {
  t.test(`ruling 4: ${direct ? 'activity' : 'only related_activities'} finds ${place}`, async (t) => {
    t.equal(finds({ activity: activity.id }, statement), direct)
    t.ok(finds({ activity: activity.id, relatedActivities: true }, statement))
    t.notOk(finds({ activity: `${activity.id}/x`, relatedActivities: true }, statement))
  })
}

t.test('ruling 4: verb looks at the statement itself, not into its SubStatement', async (t) => {
  const statement = aStatement({ verb: aVerb('planned'), object: aSubStatement({ verb: aVerb('did') }) })
  t.ok(finds({ verb: aVerb('planned').id }, statement))
  t.notOk(finds({ verb: aVerb('did').id }, statement))
})

t.test('registration is that of the statement itself, in any case', async (t) => {
  const registration = 'ABCDEF00-0000-4000-8000-000000000000'
  const normal = registration.toLowerCase()
  t.ok(finds({ registration: normal }, aStatement({ context: { registration } })))
  t.notOk(finds({ registration: normal }, aStatement({ object: aSubStatement({ context: { registration } }) })))
})

t.test('the IRI of an Agent, a Verb or an Activity is never taken for another', async (t) => {
  const iri = 'https://example.org/x'
  const statement = aStatement({
    actor: { openid: iri },
    verb: { id: iri },
    object: withAccount('x').account ? anActivity('y') : refTo('')
  })
  t.notOk(finds({ activity: iri, relatedActivities: true }, statement))
  t.ok(finds({ verb: iri }, statement))
})

t.test('ruling 5: a StatementRef is found by nothing of its own, in the context neither', async (t) => {
  const target = aStatement({ actor: someone })
  const other = aStatement({ object: refTo(target), context: { statement: refTo(target) } })
  t.notOk(finds({ agent: key, relatedAgents: true }, other))
})

t.test('the authority is a term that targets of StatementRefs do not hand on', async (t) => {
  const statement = aStatement({ authority: someone })
  t.ok(finds({ authority: key }, statement))
  t.same([...ownTerms(statement)], [`m${key}`])
  t.notOk([...inheritableTerms(statement)].some((term) => term.startsWith('m')))
})

t.test('a query without filters has no terms: everything is found', async (t) => {
  t.same(termsOfQuery({}), [])
  t.same(termsOfQuery({ since: 1, until: 2 }), [], 'time is no term')
})

t.test('every filter that is given must hold', async (t) => {
  const statement = aStatement({ actor: someone, object: activity })
  t.ok(finds({ agent: key, activity: activity.id, verb: statement.verb.id }, statement))
  t.notOk(finds({ agent: key, activity: activity.id, verb: 'https://other.org' }, statement))
})

t.test('everything in a statement is named, of its SubStatement too', async (t) => {
  const inner = aSubStatement({
    actor: withMbox('b'),
    verb: aVerb('inner'),
    object: anActivity('o'),
    context: { contextActivities: { other: anActivity('q') } }
  })
  const statement = aStatement({
    actor: withMbox('a'),
    verb: aVerb('outer'),
    object: inner,
    authority: withMbox('c'),
    context: { contextActivities: { parent: [anActivity('p')] }, instructor: withMbox('d') }
  })
  const ids = (all: Iterable<{ id: string }>) => Array.from(all, ({ id }) => id).toSorted()
  t.same(ids(everyActivity(statement)), ids([anActivity('o'), anActivity('p'), anActivity('q')]))
  t.same(ids(everyVerb(statement)), ids([aVerb('inner'), aVerb('outer')]))
  t.same(new Set(everyActor(statement)), new Set(['a', 'b', 'c', 'd'].map((name) => withMbox(name))))
})
