import type { Json, JsonObject } from '../../src/xapi/statement.ts'

/** A value at a place: removed when undefined. */
export type Change = readonly [pointer: string, value: Json | undefined]

const keysOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'))

const set = (target: unknown, [key = '', ...rest]: readonly string[], value: Json | undefined): void => {
  const members = target as Record<string, Json>
  if (rest.length > 0) {
    members[key] ??= {}
    set(members[key], rest, value)
  } else if (value === undefined) delete members[key]
  // As JSON.parse does it, so that `__proto__` is a property like any other.
  else Object.defineProperty(members, key, { value, enumerable: true, writable: true, configurable: true })
}

/** What a client would have sent, with some values changed. */
export const changed = (base: object, ...changes: readonly Change[]): JsonObject => {
  const copy = JSON.parse(JSON.stringify(base))
  for (const [pointer, value] of changes) set(copy, keysOf(pointer), value)
  return copy
}

export const minimal = {
  actor: { mbox: 'mailto:ada@example.org' },
  verb: { id: 'https://verb.example.org/read' },
  object: { id: 'https://course.example.org/page' }
}

const choice = {
  type: 'http://adlnet.gov/expapi/activities/cmi.interaction',
  interactionType: 'choice',
  correctResponsesPattern: ['a[,]b', ''],
  choices: [{ id: 'a', description: { en: 'A', 'pt-BR': 'Á' } }, { id: 'b' }]
}

const attachment = {
  usageType: 'https://usage.example.org/certificate',
  display: { en: 'Certificate' },
  description: { en: 'Of attendance' },
  contentType: 'text/plain; charset=utf-8',
  length: 27,
  sha2: '495395e777cd98da653df9615d09c0fd6bb2f8d4788394cd53c56a3bfdcd848a',
  fileUrl: 'https://files.example.org/27'
}

const team = {
  objectType: 'Group',
  name: 'Équipe',
  account: { homePage: 'https://lms.example.org', name: 'team-1' },
  member: [{ objectType: 'Agent', name: 'Ada', openid: 'https://ada.openid.example.org/' }]
} as const

const context = {
  registration: 'EC531277-B57B-4C15-8D91-D292C5B2B8F7',
  instructor: { objectType: 'Agent', mbox_sha1sum: 'cd9b00a5611f94eaa7b1661edab976068e364975' },
  team,
  contextActivities: {
    parent: { id: 'https://course.example.org/chapter', definition: choice },
    grouping: [{ objectType: 'Activity', id: 'course-v1:School+1+2026' }],
    category: [],
    other: [{ id: 'urn:uuid:7d4f3c70-1e79-4243-9b7d-166076ce8bfb' }, { id: 'https://例え.テスト/本' }]
  },
  revision: '2',
  platform: 'Browser',
  language: 'de-CH-1996',
  statement: { objectType: 'StatementRef', id: '6690e6c9-3ef0-4ed3-8b37-7f3964730bee' },
  extensions: { 'https://ext.example.org/nothing': null, 'https://ext.example.org/empty': [{}, [], ''] }
} as const

const result = {
  score: { scaled: 0.95, raw: 9.5, min: 0, max: 10 },
  success: true,
  completion: false,
  response: '',
  duration: 'PT1H30M0.5S',
  extensions: { 'tag:example.org,2026:progress': 0.25 }
}

/** Everything that 1.0.3 has a place for. */
export const complete = {
  id: '12345678-1234-5678-1234-567812345678',
  actor: { objectType: 'Agent', name: 'Ada', account: { homePage: 'https://lms.example.org', name: 'ada' } },
  verb: { id: 'https://verb.example.org/answered', display: { 'en-GB': 'answered', de: 'beantwortete' } },
  object: {
    objectType: 'Activity',
    id: 'https://course.example.org/question',
    definition: {
      name: { en: 'Question' },
      description: { en: 'A question' },
      moreInfo: 'https://course.example.org/about',
      extensions: {},
      ...choice
    }
  },
  result,
  context,
  timestamp: '2026-01-31T12:00:00.123456+01:00',
  stored: '2026-01-31T12:00:00Z',
  authority: {
    objectType: 'Group',
    member: [
      { account: { homePage: 'https://lms.example.org/token', name: 'app' } },
      { mbox: 'mailto:ada@example.org' }
    ]
  },
  version: '1.0.3',
  attachments: [attachment]
} as const

/** Everything that a SubStatement has a place for. */
export const withSubStatement = {
  actor: complete.actor,
  verb: complete.verb,
  object: {
    objectType: 'SubStatement',
    actor: complete.actor,
    verb: complete.verb,
    object: complete.object,
    result,
    context,
    timestamp: complete.timestamp,
    attachments: [attachment]
  }
} as const

const contextAgents = [
  {
    objectType: 'contextAgent',
    agent: { mbox: 'mailto:bob@example.org' },
    relevantTypes: ['https://types.example.org/tutor']
  },
  { objectType: 'contextAgent', agent: { objectType: 'Agent', openid: 'https://eve.openid.example.org/' } }
]
const contextGroups = [{ objectType: 'contextGroup', group: team, relevantTypes: ['https://types.example.org/class'] }]

/** And what 2.0 added. */
export const complete2 = {
  ...complete,
  context: { ...context, contextAgents, contextGroups },
  version: '2.0.0'
} as const
