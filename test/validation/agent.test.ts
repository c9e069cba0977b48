import t from 'tap'
import { type AgentKind, validateAgent } from '../../src/validation/agent.ts'
import type { Json } from '../../src/xapi/statement.ts'
import { versions } from '../../src/xapi/version.ts'

const mbox = { mbox: 'mailto:ada@example.org' }
const account = { homePage: 'https://lms.example.org', name: 'ada' }

/** Value, and per kind where it breaks which rule; undefined: it is valid. */
const rows: readonly (readonly [what: string, value: Json, agent?: string, filter?: string])[] = [
  ['an Agent', mbox],
  ['an Agent that says so', { objectType: 'Agent', name: 'Ada', account }],
  ['an identified Group', { objectType: 'Group', ...mbox }, '/objectType const'],
  ['an identified Group with members', { objectType: 'Group', account, member: [mbox] }, '/objectType const'],
  ['an anonymous Group', { objectType: 'Group', member: [mbox] }, '/objectType const', ' oneIdentifier'],
  ['no identifier', { name: 'Ada' }, ' oneIdentifier', ' oneIdentifier'],
  ['two identifiers', { ...mbox, account }, ' oneIdentifier', ' oneIdentifier'],
  ['an unknown key', { ...mbox, email: 'x' }, '/email additionalProperties', '/email additionalProperties'],
  ['a key in another case', { ...mbox, Name: 'x' }, '/Name additionalProperties', '/Name additionalProperties'],
  ['an mbox without mailto:', { mbox: 'ada@example.org' }, '/mbox format/mailto-iri', '/mbox format/mailto-iri'],
  ['another objectType', { objectType: 'Person', ...mbox }, '/objectType const', '/objectType enum'],
  ['an account without name', { account: { homePage: 'x:y' } }, '/account required', '/account required'],
  ['a null', { ...mbox, name: null }, '/name noNulls', '/name noNulls'],
  ['a string', 'mailto:ada@example.org', ' type', ' type'],
  ['an array', [mbox], ' type', ' type'],
  ['null', null, ' noNulls', ' noNulls'],
  ['half a surrogate pair', { ...mbox, name: '\ud800' }, '/name noLoneSurrogates', '/name noLoneSurrogates']
]

for (const version of versions) {
  for (const [what, value, agent, filter] of rows) {
    t.test(`${version}: the agent parameter with ${what}`, async (t) => {
      const kinds: readonly (readonly [AgentKind, string | undefined])[] = [
        ['agent', agent],
        ['agent-or-identified-group', filter]
      ]
      for (const [kind, place] of kinds) {
        const problems = validateAgent(value, version, kind)
        const places = problems.map(({ pointer, rule }) => `${pointer} ${rule}`)
        if (place === undefined) t.same(problems, [], kind)
        else t.ok(places.includes(place), `${kind}: ${place}`, { problems })
      }
    })
  }
}
