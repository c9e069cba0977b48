import t from 'tap'
import { canonical, idsOnly, namedIris } from '../../src/xapi/format.ts'
import type { ActivityDefinition, Agent, Statement } from '../../src/xapi/statement.ts'
import {
  anActivity,
  anId,
  anonymousGroup,
  aStatement,
  aSubStatement,
  aVerb,
  everyKindOfAgent,
  identifiedGroup,
  refTo,
  withAccount,
  withMbox
} from '../support/statements.ts'

const named = (agent: Agent, name = 'Somebody'): Agent => ({ objectType: 'Agent', name, ...agent })
const definition: ActivityDefinition = { name: { en: 'Sent', de: 'Gesendet' }, type: 'https://t.org/1' }
const defined = (name: string) => anActivity(name, definition)
const shown = (name: string) => ({ ...aVerb(name), display: { en: 'did', de: 'tat' } })

const full: Statement = {
  ...aStatement(),
  actor: named(withMbox('a')),
  verb: shown('outer'),
  object: aSubStatement({
    actor: { name: 'Team', ...identifiedGroup(withMbox('g'), named(withMbox('m'))) },
    verb: shown('inner'),
    object: { ...named(withMbox('o')) } as Agent & { objectType: 'Agent' },
    context: { contextActivities: { other: [defined('q')] }, instructor: named(withMbox('i')) }
  }),
  result: { success: true, extensions: { 'https://e.org/1': { name: 'kept' } } },
  context: {
    registration: anId(),
    instructor: named(withAccount('teacher')),
    team: { ...anonymousGroup(named(withMbox('x')), named(withAccount('y'))), name: 'Team' },
    contextActivities: { parent: [defined('p')], grouping: defined('single') },
    contextAgents: [{ objectType: 'contextAgent', agent: named(withMbox('ca')), relevantTypes: ['https://r.org/1'] }],
    contextGroups: [
      { objectType: 'contextGroup', group: { name: 'G', ...identifiedGroup(withMbox('cg'), withMbox('m')) } }
    ],
    statement: refTo(anId()),
    platform: 'LMS',
    extensions: { 'https://e.org/2': null }
  },
  attachments: [
    {
      usageType: 'https://u.org/1',
      display: { en: 'Essay', de: 'Aufsatz' },
      contentType: 'text/plain',
      length: 1,
      sha2: 'ab'.repeat(32)
    }
  ],
  authority: named(withAccount('lms')),
  stored: '2026-01-01T00:00:00.000000Z'
}

t.test('ruling 11: ids has only what identifies, everywhere, and the rest of the statement as it is', async (t) => {
  t.strictSame(idsOnly(full), {
    ...full,
    actor: withMbox('a'),
    verb: aVerb('outer'),
    object: {
      objectType: 'SubStatement',
      actor: identifiedGroup(withMbox('g')),
      verb: aVerb('inner'),
      object: { objectType: 'Agent', ...withMbox('o') },
      context: { contextActivities: { other: [{ id: anActivity('q').id }] }, instructor: withMbox('i') }
    },
    context: {
      ...full.context,
      instructor: withAccount('teacher'),
      team: anonymousGroup(withMbox('x'), withAccount('y')),
      contextActivities: { parent: [{ id: anActivity('p').id }], grouping: [{ id: anActivity('single').id }] },
      contextAgents: [{ objectType: 'contextAgent', agent: withMbox('ca'), relevantTypes: ['https://r.org/1'] }],
      contextGroups: [{ objectType: 'contextGroup', group: identifiedGroup(withMbox('cg')) }]
    },
    authority: withAccount('lms')
  })
})

t.test('ruling 11: every kind of identifier identifies', async (t) => {
  for (const [kind, agent] of Object.entries(everyKindOfAgent('zoe'))) {
    t.strictSame(idsOnly(aStatement({ actor: named(agent) })).actor, agent, kind)
    t.strictSame(
      idsOnly(aStatement({ object: named(agent) as Agent & { objectType: 'Agent' } })).object,
      { objectType: 'Agent', ...agent },
      kind
    )
    t.strictSame(
      idsOnly(aStatement({ object: identifiedGroup(agent, withMbox('m')) })).object,
      identifiedGroup(agent),
      kind
    )
  }
})

t.test('ruling 11: an Authority of two Agents keeps both identifiers', async (t) => {
  const authority = anonymousGroup(named(withAccount('app')), named(withMbox('user')))
  t.strictSame(idsOnly(aStatement({ authority })).authority, anonymousGroup(withAccount('app'), withMbox('user')))
})

t.test('ruling 11: an Activity is its id, a StatementRef is itself', async (t) => {
  t.strictSame(idsOnly(aStatement({ object: defined('a') })).object, { id: anActivity('a').id })
  const object = refTo(anId())
  t.strictSame(idsOnly(aStatement({ object })).object, object)
  t.strictSame(idsOnly(aStatement({ object: aSubStatement({ object }) })).object, aSubStatement({ object }))
})

t.test('ids and canonical leave the statement they are made of alone', async (t) => {
  const before = structuredClone(full)
  idsOnly(full)
  canonical(full, { definitions: new Map(), displays: new Map() }, 'de')
  t.strictSame(full, before)
})

const quiz: ActivityDefinition = {
  name: { en: 'Quiz', de: 'Rätsel' },
  description: { fr: 'Un jeu' },
  interactionType: 'matching',
  correctResponsesPattern: ['a[.]b'],
  choices: [{ id: 'a', description: { en: 'A', de: 'Ah' } }],
  scale: [{ id: 'b', description: { en: 'B', de: 'Be' } }],
  source: [{ id: 'c', description: { en: 'C', de: 'Ce' } }],
  target: [{ id: 'd', description: { en: 'D', de: 'De' } }],
  steps: [{ id: 'e', description: { en: 'E', de: 'Eh' } }, { id: 'f' }],
  extensions: { 'https://e.org/1': { en: 'kept', de: 'as it is' } }
}

t.test(
  'ruling 12: canonical has the merged definition and display, one language per map, chosen per map',
  async (t) => {
    const descriptions = {
      definitions: new Map([[anActivity('quiz').id, quiz]]),
      displays: new Map([[aVerb('outer').id, { en: 'merged', de: 'vereint' }]])
    }
    const { verb, object } = canonical(
      aStatement({ verb: shown('outer'), object: defined('quiz') }),
      descriptions,
      'de, en;q=0.5'
    )
    t.strictSame(verb, { ...aVerb('outer'), display: { de: 'vereint' } })
    t.strictSame(object, {
      ...anActivity('quiz'),
      definition: {
        ...quiz,
        name: { de: 'Rätsel' },
        description: { fr: 'Un jeu' },
        choices: [{ id: 'a', description: { de: 'Ah' } }],
        scale: [{ id: 'b', description: { de: 'Be' } }],
        source: [{ id: 'c', description: { de: 'Ce' } }],
        target: [{ id: 'd', description: { de: 'De' } }],
        steps: [{ id: 'e', description: { de: 'Eh' } }, { id: 'f' }]
      }
    })
  }
)

t.test('ruling 12: everywhere in the statement; Agents, Groups and attachments as in exact', async (t) => {
  const inGerman = { name: { de: 'Vereint' } }
  const iris = ['p', 'q', 'single'].map((name) => anActivity(name).id)
  const descriptions = {
    definitions: new Map(iris.map((iri) => [iri, { name: { en: 'Merged', de: 'Vereint' } }])),
    displays: new Map([[aVerb('inner').id, { en: 'merged', de: 'vereint' }]])
  }
  const object = full.object as ReturnType<typeof aSubStatement>
  t.strictSame(canonical(full, descriptions, 'de-AT, de;q=0.9'), {
    ...full,
    verb: { ...aVerb('outer'), display: { de: 'tat' } },
    object: {
      ...object,
      verb: { ...aVerb('inner'), display: { de: 'vereint' } },
      context: { ...object.context, contextActivities: { other: [anActivity('q', inGerman)] } }
    },
    context: {
      ...full.context,
      contextActivities: { parent: [anActivity('p', inGerman)], grouping: [anActivity('single', inGerman)] }
    }
  })
})

t.test('ruling 12: an Activity that a statement only names gets the definition of others', async (t) => {
  const descriptions = { definitions: new Map([[anActivity('a').id, definition]]), displays: new Map() }
  const { object, verb } = canonical(aStatement({ object: { id: anActivity('a').id } }), descriptions, 'de')
  t.strictSame(object, { id: anActivity('a').id, definition: { ...definition, name: { de: 'Gesendet' } } })
  t.strictSame(verb, aVerb('did'), 'of which nothing is known')
})

t.test('ruling 12: where nothing was merged, what the statement says, in one language', async (t) => {
  const nothing = { definitions: new Map(), displays: new Map() }
  const { object, verb } = canonical(aStatement({ object: defined('a'), verb: shown('x') }), nothing, undefined)
  t.strictSame(object, anActivity('a', { ...definition, name: { en: 'Sent' } }))
  t.strictSame(verb, { ...aVerb('x'), display: { en: 'did' } })
})

t.test('canonical looks up every Activity and Verb of all statements, each once', async (t) => {
  const { activities, verbs } = namedIris([full, full, aStatement({ object: anActivity('z') })])
  t.same(activities.toSorted(), ['p', 'q', 'single', 'z'].map((name) => anActivity(name).id).toSorted())
  t.same(verbs.toSorted(), ['did', 'inner', 'outer'].map((name) => aVerb(name).id).toSorted())
})
