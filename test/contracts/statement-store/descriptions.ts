import type { Test } from 'tap'
import type { LrsStore } from '../../../src/contracts/lrs-backend.ts'
import { identifierKey } from '../../../src/xapi/identifier.ts'
import type { ActivityDefinition, Agent, Statement } from '../../../src/xapi/statement.ts'
import {
  aBatch,
  anActivity,
  anonymousGroup,
  aStatement,
  aSubStatement,
  aVerb,
  everyKindOfAgent,
  identifiedGroup,
  withMbox
} from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

const course = anActivity('course')
const verb = aVerb('read')

const definitionOf = async ({ statements }: LrsStore, id = course.id): Promise<ActivityDefinition | undefined> =>
  (await statements.describe({ activities: [id], verbs: [] })).definitions.get(id)

const namesOf = ({ statements }: LrsStore, agent: Agent) => statements.agentNames(identifierKey(agent) ?? '')

const defining = (definition: ActivityDefinition): Statement => aStatement({ object: anActivity('course', definition) })

export const descriptionContract = (t: Test, suite: Suite): void => {
  t.test('what nobody described has no description', async (t) => {
    const store = await suite.fresh()
    await store.statements.insert(aBatch(aStatement({ object: course, verb })))
    const { definitions, displays } = await store.statements.describe({ activities: [course.id], verbs: [verb.id] })
    t.equal(definitions.size, 0)
    t.equal(displays.size, 0)
    t.same(await namesOf(store, withMbox('somebody')), [])
    const nothing = await store.statements.describe({ activities: [], verbs: [] })
    t.equal(nothing.definitions.size + nothing.displays.size, 0)
  })

  t.test('definitions of an Activity are merged over all statements (Communication §2.5)', async (t) => {
    const store = await suite.fresh()
    const type = 'https://type.example.org/course'
    await store.statements.insert(aBatch(defining({ name: { en: 'Course' }, type })))
    await store.statements.insert(aBatch(aStatement({ object: course })))
    await store.statements.insert(
      aBatch(defining({ name: { fr: 'Cours' } }), defining({ description: { en: 'About things' } }))
    )
    t.same(await definitionOf(store), {
      name: { en: 'Course', fr: 'Cours' },
      type,
      description: { en: 'About things' }
    })
  })

  t.test('the later statement wins, in one batch as in several', async (t) => {
    const store = await suite.fresh()
    await store.statements.insert(aBatch(defining({ name: { en: 'one' } }), defining({ name: { en: 'two' } })))
    t.same(await definitionOf(store), { name: { en: 'two' } })
    await store.statements.insert(aBatch(defining({ name: { en: 'three' } })))
    t.same(await definitionOf(store), { name: { en: 'three' } })
  })

  t.test('concurrent definitions are all merged', async (t) => {
    const store = await suite.fresh()
    const tags = Array.from({ length: 20 }, (_, index) => `en-x-a${index}`)
    await Promise.all(tags.map((tag) => store.statements.insert(aBatch(defining({ name: { [tag]: tag } })))))
    t.same((await definitionOf(store))?.name, Object.fromEntries(tags.map((tag) => [tag, tag])))
  })

  t.test('definitions are learned wherever an Activity stands', async (t) => {
    const store = await suite.fresh()
    const at = (place: string) => anActivity(place, { name: { en: place } })
    await store.statements.insert(
      aBatch(
        aStatement({
          object: at('object'),
          context: {
            contextActivities: {
              parent: [at('parent')],
              grouping: [at('grouping'), at('second')],
              category: at('category'),
              other: [at('other')]
            }
          }
        }),
        aStatement({
          object: aSubStatement({
            object: at('inside'),
            context: { contextActivities: { parent: [at('insideParent')] } }
          })
        })
      )
    )
    const places = ['object', 'parent', 'grouping', 'second', 'category', 'other', 'inside', 'insideParent']
    for (const place of places) t.same(await definitionOf(store, anActivity(place).id), { name: { en: place } }, place)
  })

  t.test('several Activities and Verbs are described in one call, unknown ones left out', async (t) => {
    const store = await suite.fresh()
    await store.statements.insert(
      aBatch(
        aStatement({
          object: anActivity('one', { name: { en: '1' } }),
          verb: { ...aVerb('one'), display: { en: '1' } }
        }),
        aStatement({
          object: anActivity('two', { name: { en: '2' } }),
          verb: { ...aVerb('two'), display: { en: '2' } }
        })
      )
    )
    const { definitions, displays } = await store.statements.describe({
      activities: ['one', 'two', 'three', 'one'].map((name) => anActivity(name).id),
      verbs: ['two', 'three', 'one', 'two'].map((name) => aVerb(name).id)
    })
    t.same([...definitions.keys()].toSorted(), [anActivity('one').id, anActivity('two').id])
    t.same([...displays.keys()].toSorted(), [aVerb('one').id, aVerb('two').id])
    t.same(displays.get(aVerb('two').id), { en: '2' })
  })

  t.test('displays of a Verb are merged, those of SubStatements too', async (t) => {
    const { statements } = await suite.fresh()
    await statements.insert(aBatch(aStatement({ verb: { ...verb, display: { en: 'read', fr: 'lu' } } })))
    await statements.insert(aBatch(aStatement({ verb: { ...verb, display: { en: 'has read' } } })))
    await statements.insert(
      aBatch(aStatement({ object: aSubStatement({ verb: { ...verb, display: { de: 'gelesen' } } }) }))
    )
    const { displays } = await statements.describe({ activities: [], verbs: [verb.id] })
    t.same(displays.get(verb.id), { en: 'has read', fr: 'lu', de: 'gelesen' })
  })

  t.test(
    'names of an Agent are kept oldest first, each once, by each kind of identifier (Communication §2.4)',
    async (t) => {
      const store = await suite.fresh()
      for (const [kind, agent] of Object.entries(everyKindOfAgent('ann'))) {
        for (const name of ['Ann', 'Ann B.', 'Ann', 'Änn 安']) {
          await store.statements.insert(aBatch(aStatement({ actor: { ...agent, name } })))
        }
        t.same(await namesOf(store, agent), ['Ann', 'Ann B.', 'Änn 安'], kind)
      }
      t.same(await namesOf(store, withMbox('ben')), [])
    }
  )

  t.test('names are learned wherever an Agent stands, as a member of a Group too', async (t) => {
    const store = await suite.fresh()
    const ann = withMbox('ann')
    const called = (name: string): Agent => ({ ...ann, name })
    const places: readonly Partial<Statement>[] = [
      { actor: called('actor') },
      { actor: anonymousGroup(withMbox('ben'), called('member')) },
      { object: { objectType: 'Agent', ...called('object') } },
      { authority: { objectType: 'Agent', ...called('authority') } },
      { context: { instructor: called('instructor') } },
      { context: { team: anonymousGroup(called('team')) } },
      { context: { contextAgents: [{ objectType: 'contextAgent', agent: called('context agent') }] } },
      { object: aSubStatement({ actor: called('inside') }) }
    ]
    for (const place of places) await store.statements.insert(aBatch(aStatement(place)))
    t.same(await namesOf(store, ann), [
      ...['actor', 'member', 'object', 'authority', 'instructor', 'team', 'context agent', 'inside']
    ])
  })

  t.test('the name of a Group is no name of an Agent', async (t) => {
    const store = await suite.fresh()
    const ann = withMbox('ann')
    await store.statements.insert(aBatch(aStatement({ actor: { ...identifiedGroup(ann), name: 'Team Ann' } })))
    t.same(await namesOf(store, ann), [])
  })

  t.test('statements stored without `define` teach nothing', async (t) => {
    const store = await suite.fresh()
    const named = { ...withMbox('ann'), name: 'Ann' }
    const describing = (text: string) =>
      aStatement({
        actor: named,
        verb: { ...verb, display: { en: text } },
        object: anActivity('course', { name: { en: text } })
      })
    await store.statements.insert({ ...aBatch(describing('no')), define: false })
    t.equal(await definitionOf(store), undefined)
    t.equal((await store.statements.describe({ activities: [], verbs: [verb.id] })).displays.size, 0)
    t.same(await namesOf(store, named), [])
    await store.statements.insert(aBatch(describing('yes')))
    await store.statements.insert({ ...aBatch(describing('no')), define: false })
    t.same(await definitionOf(store), { name: { en: 'yes' } })
    t.same(await namesOf(store, named), ['Ann'])
  })

  t.test('a refused batch and a statement that was already there teach nothing', async (t) => {
    const store = await suite.fresh()
    const taken = aStatement({ object: course })
    await store.statements.insert(aBatch(taken))
    await t.rejects(
      store.statements.insert(aBatch(defining({ name: { en: 'refused' } }), { ...taken, verb: aVerb('other') })),
      { code: 'STATEMENT_CONFLICT' }
    )
    t.equal(await definitionOf(store), undefined)
  })

  t.test('keys with dots, dollars and `__proto__` stand in definitions as in statements', async (t) => {
    const store = await suite.fresh()
    const definition = JSON.parse(
      '{"name":{"en":"x"},"extensions":{"https://a.b/c.d$e":{"$set":1,"a.b":{"__proto__":[1]}},"__proto__:x":1}}'
    ) as ActivityDefinition
    await store.statements.insert(aBatch(defining(definition)))
    t.equal(JSON.stringify(await definitionOf(store)), JSON.stringify(definition))
  })
}
