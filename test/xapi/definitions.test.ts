import t from 'tap'
import { mergeDefinition, mergeDisplay } from '../../src/xapi/definitions.ts'
import type { ActivityDefinition } from '../../src/xapi/statement.ts'

const choice: ActivityDefinition = {
  name: { en: 'Quiz', de: 'Rätsel' },
  description: { en: 'A quiz' },
  type: 'http://adlnet.gov/expapi/activities/cmi.interaction',
  interactionType: 'choice',
  correctResponsesPattern: ['a'],
  choices: [
    { id: 'a', description: { en: 'A' } },
    { id: 'b', description: { en: 'B', de: 'B' } }
  ],
  extensions: { 'https://e.org/1': { deep: [1] }, 'https://e.org/2': null }
}

const merges: Readonly<
  Record<string, readonly [ActivityDefinition | undefined, ActivityDefinition, ActivityDefinition]>
> = {
  'the first definition is taken as it is': [undefined, choice, choice],
  'language maps merge tag by tag, the later text wins': [
    { name: { en: 'Old', de: 'Alt' } },
    { name: { en: 'New', fr: 'Nouveau' } },
    { name: { en: 'New', de: 'Alt', fr: 'Nouveau' } }
  ],
  'tags have no case': [{ name: { 'en-US': 'Old' } }, { name: { 'en-us': 'New' } }, { name: { 'en-US': 'New' } }],
  'other properties: the later wins': [
    { type: 'https://t.org/1', moreInfo: 'https://m.org/1' },
    { moreInfo: 'https://m.org/2' },
    { type: 'https://t.org/1', moreInfo: 'https://m.org/2' }
  ],
  'what the later does not mention is kept': [
    choice,
    { name: { fr: 'Jeu' } },
    { ...choice, name: { en: 'Quiz', de: 'Rätsel', fr: 'Jeu' } }
  ],
  'the list of correct responses is replaced as a whole': [
    choice,
    { correctResponsesPattern: ['b', 'a'] },
    { ...choice, correctResponsesPattern: ['b', 'a'] }
  ],
  'components merge by id, their descriptions tag by tag, in the order in which they were first seen': [
    { choices: [{ id: 'a', description: { en: 'A' } }, { id: 'b' }] },
    { choices: [{ id: 'c' }, { id: 'b', description: { de: 'B' } }, { id: 'a', description: { en: 'AA', de: 'A' } }] },
    { choices: [{ id: 'a', description: { en: 'AA', de: 'A' } }, { id: 'b', description: { de: 'B' } }, { id: 'c' }] }
  ],
  'extensions merge by key, each value as a whole': [
    { extensions: { 'https://e.org/1': { a: 1 }, 'https://e.org/2': 1 } },
    { extensions: { 'https://e.org/1': { b: 1 }, 'https://e.org/3': null } },
    { extensions: { 'https://e.org/1': { b: 1 }, 'https://e.org/2': 1, 'https://e.org/3': null } }
  ],
  'of another interaction, components and correct responses are not kept': [
    choice,
    { interactionType: 'likert', scale: [{ id: '1' }] },
    {
      name: { en: 'Quiz', de: 'Rätsel' },
      description: { en: 'A quiz' },
      type: 'http://adlnet.gov/expapi/activities/cmi.interaction',
      extensions: { 'https://e.org/1': { deep: [1] }, 'https://e.org/2': null },
      interactionType: 'likert',
      scale: [{ id: '1' }]
    }
  ]
}

for (const [rule, [present, next, merged]] of Object.entries(merges)) {
  t.test(rule, async (t) => {
    const before = structuredClone({ present, next })
    t.same(mergeDefinition(present, next), merged)
    t.same({ present, next }, before, 'neither side was touched')
  })
}

t.test('what says nothing new gives back the same object', async (t) => {
  const nothingNew: readonly ActivityDefinition[] = [
    {},
    structuredClone(choice),
    { name: { de: 'Rätsel' } },
    { name: {} },
    { name: { EN: 'Quiz' } },
    { choices: [{ id: 'b' }] },
    { choices: [{ id: 'b', description: { de: 'B' } }, { id: 'a' }] },
    { extensions: { 'https://e.org/2': null } },
    { extensions: { 'https://e.org/1': { deep: [1] } } },
    { interactionType: 'choice', correctResponsesPattern: ['a'] }
  ]
  for (const next of nothingNew) t.equal(mergeDefinition(choice, next), choice, JSON.stringify(next))
})

t.test('what says something new gives another object', async (t) => {
  const news: readonly ActivityDefinition[] = [
    { name: { de: 'Quiz' } },
    { choices: [{ id: 'c' }] },
    { choices: [{ id: 'a', description: { de: 'A' } }] },
    { extensions: { 'https://e.org/2': {} } },
    { extensions: { 'https://e.org/1': { deep: [1, 2] } } },
    { moreInfo: 'https://m.org/1' }
  ]
  for (const next of news) {
    const merged = mergeDefinition(choice, next)
    t.not(merged, choice, JSON.stringify(next))
    t.equal(mergeDefinition(merged, next), merged, 'and then nothing new any more')
  }
})

t.test('display of a Verb merges tag by tag', async (t) => {
  const display = { en: 'did' }
  t.equal(mergeDisplay(undefined, display), display)
  t.equal(mergeDisplay(display, { en: 'did' }), display)
  t.same(mergeDisplay(display, { en: 'has done', fr: 'a fait' }), { en: 'has done', fr: 'a fait' })
})

t.test('ruling 25: `__proto__` is a key like any other', async (t) => {
  const present: ActivityDefinition = JSON.parse('{"extensions":{"__proto__":{"a":1}},"name":{"en":"x"}}')
  const next: ActivityDefinition = JSON.parse('{"extensions":{"__proto__":{"polluted":2},"constructor":3}}')
  const merged = mergeDefinition(present, next)
  t.equal(JSON.stringify(merged), '{"extensions":{"__proto__":{"polluted":2},"constructor":3},"name":{"en":"x"}}')
  t.notOk('polluted' in {})
  t.equal(mergeDefinition(present, JSON.parse('{"extensions":{"__proto__":{"a":1}}}')), present)
  t.not(mergeDefinition({ extensions: {} }, JSON.parse('{"extensions":{"__proto__":{}}}')).extensions, undefined)
  t.equal(
    JSON.stringify(mergeDefinition({ extensions: {} }, JSON.parse('{"extensions":{"__proto__":{}}}'))),
    '{"extensions":{"__proto__":{}}}'
  )
})
