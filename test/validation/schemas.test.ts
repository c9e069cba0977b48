import { readdirSync } from 'node:fs'
import type { AnySchemaObject } from 'ajv/dist/2020.js'
import t from 'tap'
import { explain } from '../../src/validation/explain.ts'
import { formats } from '../../src/validation/formats/index.ts'
import { createAjv, findSchemas, readSchemas, schemaBase } from '../../src/validation/registry.ts'
import type { Json } from '../../src/xapi/statement.ts'
import { versions } from '../../src/xapi/version.ts'
import { changed, complete, complete2, minimal, withSubStatement } from './examples.ts'

interface Examples {
  readonly valid: readonly Json[]
  /** Value, and where it breaks which rule. */
  readonly invalid: readonly (readonly [value: Json, pointer: string, rule: string])[]
}

const mbox = { mbox: 'mailto:ada@example.org' }
const account = { homePage: 'https://lms.example.org', name: 'ada' }
const group = { objectType: 'Group', member: [mbox] }
const uuid = '6690e6c9-3ef0-4ed3-8b37-7f3964730bee'
const iri = 'https://course.example.org/page'
const agentText = JSON.stringify(mbox)
const { object, context, attachments } = complete
const [attachment] = attachments

/** At least one valid and one invalid value per schema, by what its `$id` ends with. */
const examples: { readonly [schema: string]: Examples } = {
  '1.0.3/account': {
    valid: [account, { homePage: 'https://例え.テスト', name: '' }],
    invalid: [
      [{ name: 'ada' }, '', 'required'],
      [{ homePage: 'https://lms.example.org' }, '', 'required'],
      [{ ...account, homePage: 'lms.example.org' }, '/homePage', 'format/iri'],
      [{ ...account, name: 1 }, '/name', 'type'],
      [{ ...account, more: 1 }, '/more', 'additionalProperties'],
      [[account], '', 'type']
    ]
  },
  '1.0.3/agent': {
    valid: [
      mbox,
      { objectType: 'Agent', name: '', account },
      { mbox_sha1sum: 'cd9b00a5611f94eaa7b1661edab976068e364975' },
      { openid: 'https://a.example' }
    ],
    invalid: [
      [{}, '', 'oneIdentifier'],
      [{ ...mbox, account }, '', 'oneIdentifier'],
      [{ ...mbox, objectType: 'agent' }, '/objectType', 'const'],
      [{ ...mbox, objectType: 'Group' }, '/objectType', 'const'],
      [{ ...mbox, name: null }, '/name', 'noNulls'],
      [{ ...mbox, member: [] }, '/member', 'additionalProperties'],
      [{ mbox: 'ada@example.org' }, '/mbox', 'format/mailto-iri'],
      [{ mbox_sha1sum: 'cd9b' }, '/mbox_sha1sum', 'format/sha1'],
      [{ openid: 'open.id.com/ada' }, '/openid', 'format/uri'],
      [{ account: 'ada' }, '/account', 'type']
    ]
  },
  '1.0.3/identified-group': {
    valid: [
      { objectType: 'Group', ...mbox },
      { objectType: 'Group', account, name: 'G', member: [mbox] }
    ],
    invalid: [
      [{ objectType: 'Group', ...mbox, name: 1 }, '/name', 'type'],
      [{ objectType: 'Group', ...mbox, members: [] }, '/members', 'additionalProperties'],
      [{ objectType: 'Group', mbox: 'x' }, '/mbox', 'format/mailto-iri'],
      [{ objectType: 'Group', mbox_sha1sum: 'x' }, '/mbox_sha1sum', 'format/sha1'],
      [{ objectType: 'Group', openid: 'x' }, '/openid', 'format/uri'],
      [{ objectType: 'Group', account: {} }, '/account', 'required'],
      [{ objectType: 'group', ...mbox }, '/objectType', 'const'],
      [group, '', 'oneIdentifier'],
      [{ ...group, ...mbox, account }, '', 'oneIdentifier'],
      [mbox, '', 'required'],
      [{ objectType: 'Group', ...mbox, member: [group] }, '/member/0/objectType', 'const'],
      [{ objectType: 'Group', ...mbox, member: mbox }, '/member', 'type']
    ]
  },
  '1.0.3/anonymous-group': {
    valid: [group, { ...group, name: 'G' }],
    invalid: [
      [{ member: [mbox] }, '', 'required'],
      [{ ...group, objectType: 'group' }, '/objectType', 'const'],
      [{ ...group, name: 1 }, '/name', 'type'],
      [{ objectType: 'Group' }, '', 'required'],
      [{ objectType: 'Group', member: [] }, '/member', 'minItems'],
      [{ ...group, member: [{}] }, '/member/0', 'oneIdentifier'],
      [{ ...group, ...mbox }, '/mbox', 'additionalProperties']
    ]
  },
  '1.0.3/group': {
    valid: [group, { objectType: 'Group', ...mbox }],
    invalid: [
      [{ objectType: 'Group' }, '', 'required'],
      [{ objectType: 'Group', ...mbox, account }, '', 'oneIdentifier'],
      [mbox, '', 'required'],
      ['group', '', 'type']
    ]
  },
  '1.0.3/actor': {
    valid: [mbox, group, { objectType: 'Agent', account }],
    invalid: [
      [{ objectType: 'agent', ...mbox }, '/objectType', 'enum'],
      [{ objectType: 'Activity', id: iri }, '/objectType', 'enum'],
      [{ member: [mbox] }, '/member', 'additionalProperties'],
      [{ objectType: null, ...mbox }, '/objectType', 'noNulls'],
      [[mbox], '', 'type']
    ]
  },
  '1.0.3/agent-or-identified-group': {
    valid: [mbox, { objectType: 'Agent', ...mbox }, { objectType: 'Group', ...mbox }],
    invalid: [
      [group, '', 'oneIdentifier'],
      [{}, '', 'oneIdentifier'],
      [{ objectType: 'Person', ...mbox }, '/objectType', 'enum']
    ]
  },
  '1.0.3/authority': {
    valid: [mbox, { objectType: 'Agent', account }, { objectType: 'Group', member: [{ account }, mbox] }],
    invalid: [
      [{ objectType: 'group', ...mbox }, '/objectType', 'enum'],
      [{ objectType: 'Group', name: 1, member: [{ account }, mbox] }, '/name', 'type'],
      [group, '/member', 'authority'],
      [{ objectType: 'Group', member: [mbox, mbox, mbox] }, '/member', 'authority'],
      [{ objectType: 'Group', ...mbox }, '/mbox', 'authority'],
      [{ objectType: 'Group', ...mbox, member: [{ account }, mbox] }, '/mbox', 'authority'],
      [{ objectType: 'Group' }, '', 'authority'],
      [{ objectType: 'Group', member: [{ account }, group] }, '/member/1/objectType', 'const'],
      [{}, '', 'oneIdentifier']
    ]
  },
  '1.0.3/language-map': {
    valid: [{}, { en: '', 'zh-Hant-TW': '書' }],
    invalid: [
      [{ en: 1 }, '/en', 'type'],
      [{ en: null }, '/en', 'noNulls'],
      [{ en_US: 'x' }, '/en_US', 'format/language-tag'],
      [{ '': 'x' }, '/', 'format/language-tag'],
      ['text', '', 'type'],
      [['text'], '', 'type']
    ]
  },
  '1.0.3/extensions': {
    valid: [{}, { [iri]: null, 'tag:a,2026:b': { __proto: [{}, [], ''] } }],
    invalid: [
      [{ 'should fail': true }, '/should fail', 'format/iri'],
      [{ 'a/b~c': true }, '/a~1b~0c', 'format/iri'],
      [null, '', 'noNulls'],
      [[], '', 'type']
    ]
  },
  '1.0.3/verb': {
    valid: [{ id: iri }, { id: iri, display: { en: 'read' } }],
    invalid: [
      [{}, '', 'required'],
      [{ id: 'read' }, '/id', 'format/iri'],
      [{ id: iri, display: 'read' }, '/display', 'type'],
      [{ id: iri, ID: iri }, '/ID', 'additionalProperties']
    ]
  },
  '1.0.3/interaction-component': {
    valid: [{ id: 'a' }, { id: 'a', description: { en: 'A' } }],
    invalid: [
      [{}, '', 'required'],
      [{ id: 1 }, '/id', 'type'],
      [{ id: 'a', description: { a12345: 'A' } }, '/description/a12345', 'format/language-tag'],
      [{ id: 'a', more: 'A' }, '/more', 'additionalProperties']
    ]
  },
  '1.0.3/activity-definition': {
    valid: [
      {},
      object.definition,
      { interactionType: 'true-false', correctResponsesPattern: [] },
      { interactionType: 'sequencing', choices: [{ id: 'a' }] },
      { interactionType: 'likert', scale: [{ id: 'a' }] },
      { interactionType: 'matching', source: [{ id: 'a' }], target: [{ id: 'a' }] },
      { interactionType: 'performance', steps: [{ id: 'a' }] }
    ],
    invalid: [
      [{ interactionType: 'choice', choices: [{ id: 1 }] }, '/choices/0/id', 'type'],
      [{ interactionType: 'likert', scale: [{ id: 1 }] }, '/scale/0/id', 'type'],
      [{ interactionType: 'matching', source: [{ id: 1 }] }, '/source/0/id', 'type'],
      [{ interactionType: 'matching', target: [{ id: 1 }] }, '/target/0/id', 'type'],
      [{ interactionType: 'performance', steps: [{ id: 1 }] }, '/steps/0/id', 'type'],
      [{ scale: [{ id: 'a' }] }, '', 'interactionComponents'],
      [{ source: [{ id: 'a' }] }, '', 'interactionComponents'],
      [{ target: [{ id: 'a' }] }, '', 'interactionComponents'],
      [{ steps: [{ id: 'a' }] }, '', 'interactionComponents'],
      [{ description: { a12345: 'x' } }, '/description/a12345', 'format/language-tag'],
      [{ Name: {} }, '/Name', 'additionalProperties'],
      [{ type: 'course' }, '/type', 'format/iri'],
      [{ moreInfo: 'about' }, '/moreInfo', 'format/iri'],
      [{ interactionType: 'Choice' }, '/interactionType', 'enum'],
      [{ interactionType: 'other', correctResponsesPattern: 'a' }, '/correctResponsesPattern', 'type'],
      [{ interactionType: 'other', correctResponsesPattern: [1] }, '/correctResponsesPattern/0', 'type'],
      [{ correctResponsesPattern: ['a'] }, '', 'interactionComponents'],
      [{ choices: [{ id: 'a' }] }, '', 'interactionComponents'],
      [{ interactionType: 'likert', choices: [{ id: 'a' }] }, '/interactionType', 'interactionComponents'],
      [{ interactionType: 'choice', scale: [{ id: 'a' }] }, '/interactionType', 'interactionComponents'],
      [{ interactionType: 'choice', source: [{ id: 'a' }] }, '/interactionType', 'interactionComponents'],
      [{ interactionType: 'choice', target: [{ id: 'a' }] }, '/interactionType', 'interactionComponents'],
      [{ interactionType: 'choice', steps: [{ id: 'a' }] }, '/interactionType', 'interactionComponents'],
      [{ name: ['x'] }, '/name', 'type'],
      [{ extensions: { x: 1 } }, '/extensions/x', 'format/iri']
    ]
  },
  '1.0.3/activity': {
    valid: [{ id: iri }, object],
    invalid: [
      [{ id: iri, definitions: {} }, '/definitions', 'additionalProperties'],
      [{}, '', 'required'],
      [{ objectType: 'activity', id: iri }, '/objectType', 'const'],
      [{ id: 'page' }, '/id', 'format/iri'],
      [{ id: iri, definition: 'x' }, '/definition', 'type']
    ]
  },
  '1.0.3/statement-ref': {
    valid: [{ objectType: 'StatementRef', id: uuid }],
    invalid: [
      [{ id: uuid }, '', 'required'],
      [{ objectType: 'StatementRef' }, '', 'required'],
      [{ objectType: 'statementref', id: uuid }, '/objectType', 'const'],
      [{ objectType: 'StatementRef', id: 'x' }, '/id', 'format/uuid']
    ]
  },
  '1.0.3/score': {
    valid: [{}, { scaled: -1 }, { scaled: 1, raw: -1e9, min: -1e10, max: 0.5 }],
    invalid: [
      [{ min: '0' }, '/min', 'type'],
      [{ raw: true }, '/raw', 'type'],
      [{ scaled: 1.0001 }, '/scaled', 'maximum'],
      [{ scaled: -1.0001 }, '/scaled', 'minimum'],
      [{ scaled: '0.5' }, '/scaled', 'type'],
      [{ max: '100' }, '/max', 'type'],
      [{ mean: 1 }, '/mean', 'additionalProperties']
    ]
  },
  '1.0.3/result': {
    valid: [{}, complete.result],
    invalid: [
      [{ Score: {} }, '/Score', 'additionalProperties'],
      [{ score: 1 }, '/score', 'type'],
      [{ success: 'true' }, '/success', 'type'],
      [{ completion: 0 }, '/completion', 'type'],
      [{ response: 1 }, '/response', 'type'],
      [{ duration: 'P4W1D' }, '/duration', 'format/iso8601-duration'],
      [{ duration: 5 }, '/duration', 'type'],
      [{ extensions: [] }, '/extensions', 'type']
    ]
  },
  '1.0.3/context-activity': {
    valid: [{ id: iri }, [], [{ id: iri }, object]],
    invalid: [
      ['x', '', 'type'],
      [mbox, '', 'required'],
      [[{ id: iri }, group], '/1/objectType', 'const']
    ]
  },
  '1.0.3/context-activities': {
    valid: [{}, context.contextActivities],
    invalid: [
      [{ grouping: [{}] }, '/grouping/0', 'required'],
      [{ category: [{}] }, '/category/0', 'required'],
      [{ parents: [] }, '/parents', 'additionalProperties'],
      [{ parent: [{}] }, '/parent/0', 'required'],
      [{ other: { id: 'x' } }, '/other/id', 'format/iri']
    ]
  },
  '1.0.3/context': {
    valid: [{}, context],
    invalid: [
      [{ registration: 'x' }, '/registration', 'format/uuid'],
      [{ instructor: {} }, '/instructor', 'oneIdentifier'],
      [{ team: mbox }, '/team', 'required'],
      [{ team: { objectType: 'Agent', ...mbox } }, '/team/objectType', 'const'],
      [{ language: 'a12345' }, '/language', 'format/language-tag'],
      [{ revision: 2 }, '/revision', 'type'],
      [{ platform: {} }, '/platform', 'type'],
      [{ statement: { id: uuid } }, '/statement', 'required'],
      [{ contextAgents: [] }, '/contextAgents', 'additionalProperties'],
      [{ contextGroups: [] }, '/contextGroups', 'additionalProperties']
    ]
  },
  '1.0.3/attachment': {
    valid: [attachment, changed(attachment, ['/description', undefined], ['/fileUrl', undefined], ['/length', 0])],
    invalid: [
      [changed(attachment, ['/description/a12345', 'x']), '/description/a12345', 'format/language-tag'],
      [changed(attachment, ['/name', 'x']), '/name', 'additionalProperties'],
      ...['usageType', 'display', 'contentType', 'length', 'sha2'].map(
        (key) => [changed(attachment, [`/${key}`, undefined]), '', 'required'] as const
      ),
      [changed(attachment, ['/usageType', 'certificate']), '/usageType', 'format/iri'],
      [changed(attachment, ['/contentType', 'text']), '/contentType', 'format/media-type'],
      [changed(attachment, ['/length', -1]), '/length', 'minimum'],
      [changed(attachment, ['/length', 1.5]), '/length', 'type'],
      [changed(attachment, ['/length', '27']), '/length', 'type'],
      [changed(attachment, ['/sha2', 'abc']), '/sha2', 'format/sha2'],
      [changed(attachment, ['/fileUrl', 'file']), '/fileUrl', 'format/iri'],
      [changed(attachment, ['/display/a12345', 'x']), '/display/a12345', 'format/language-tag']
    ]
  },
  '1.0.3/object-rules': {
    valid: [
      minimal,
      { anything: 'else' },
      { verb: {}, object: {} },
      { verb: {}, context: { revision: 'x' } },
      { verb: { id: 'http://adlnet.gov/expapi/verbs/voided' } }
    ],
    invalid: [
      [changed(minimal, ['/object', group], ['/context', { revision: 'x' }]), '/context/revision', 'onlyWithActivity'],
      [changed(minimal, ['/verb/id', 'http://adlnet.gov/expapi/verbs/voided']), '/object', 'voidingRefersToStatement'],
      [changed(minimal, ['/object', group], ['/context', { platform: 'x' }]), '/context/platform', 'onlyWithActivity']
    ]
  },
  '1.0.3/statement': {
    valid: [minimal, complete, withSubStatement],
    invalid: [
      [{}, '', 'required'],
      [complete2, '/context/contextAgents', 'additionalProperties']
    ]
  },
  '1.0.3/sub-statement': {
    valid: [withSubStatement.object],
    invalid: [
      [minimal, '', 'required'],
      [{ ...withSubStatement.object, id: uuid }, '/id', 'additionalProperties']
    ]
  },
  '1.0.3/statements-parameters': {
    valid: [
      {},
      { statementId: uuid, format: 'exact', attachments: 'true' },
      { voidedStatementId: uuid },
      {
        agent: agentText,
        verb: iri,
        activity: iri,
        registration: uuid,
        related_activities: 'true',
        related_agents: 'false',
        since: '2026-01-31T12:00:00Z',
        until: '2026-01-31T12:00:00',
        limit: '0',
        ascending: 'true'
      }
    ],
    invalid: [
      [{ agent: mbox }, '/agent', 'type'],
      [{ activity: 'page' }, '/activity', 'format/iri'],
      [{ registration: 'x' }, '/registration', 'format/uuid'],
      [{ voidedStatementId: 'x' }, '/voidedStatementId', 'format/uuid'],
      [{ until: 'x' }, '/until', 'format/timestamp'],
      [{ limit: 10 }, '/limit', 'limit'],
      [{ related_agents: true }, '/related_agents', 'enum'],
      [{ related_activities: 'TRUE' }, '/related_activities', 'enum'],
      [{ attachments: '1' }, '/attachments', 'enum'],
      ...[
        'agent',
        'verb',
        'activity',
        'registration',
        'related_activities',
        'related_agents',
        'since',
        'until',
        'limit',
        'ascending'
      ].flatMap((other) =>
        ['statementId', 'voidedStatementId'].map(
          (id) => [{ [id]: uuid, [other]: 'x' }, `/${other}`, 'exclusiveParameters'] as const
        )
      ),
      [{ statementid: uuid }, '/statementid', 'additionalProperties'],
      [{ statementId: 'x' }, '/statementId', 'format/uuid'],
      [{ statementId: uuid, voidedStatementId: uuid }, '/voidedStatementId', 'exclusiveParameters'],
      [{ voidedStatementId: uuid, since: '2026-01-31T12:00:00Z' }, '/since', 'exclusiveParameters'],
      [{ verb: 'read' }, '/verb', 'format/iri'],
      [{ limit: '-1' }, '/limit', 'limit'],
      [{ ascending: 'yes' }, '/ascending', 'enum'],
      [{ format: 'EXACT' }, '/format', 'enum'],
      [{ since: '2026-02-30T12:00:00Z' }, '/since', 'format/timestamp']
    ]
  },
  '1.0.3/state-parameters': {
    valid: [
      { activityId: iri, agent: agentText, stateId: 'a', registration: uuid },
      { activityId: iri, agent: agentText, since: '2026-01-31T12:00:00Z' }
    ],
    invalid: [
      [{ activityId: 'page', agent: agentText }, '/activityId', 'format/iri'],
      [{ activityId: iri, agent: mbox }, '/agent', 'type'],
      [{ activityId: iri, agent: agentText, registration: 'x' }, '/registration', 'format/uuid'],
      [{ activityId: iri, agent: agentText, since: 'x' }, '/since', 'format/timestamp'],
      [{ activityId: iri }, '', 'required'],
      [{ agent: agentText }, '', 'required'],
      [{ activityId: iri, agent: agentText, stateId: '' }, '/stateId', 'minLength'],
      [
        { activityId: iri, agent: agentText, stateId: 'a', since: '2026-01-31T12:00:00Z' },
        '/since',
        'exclusiveParameters'
      ],
      [{ activityId: iri, agent: agentText, profileId: 'a' }, '/profileId', 'additionalProperties']
    ]
  },
  '1.0.3/activity-profile-parameters': {
    valid: [{ activityId: iri }, { activityId: iri, profileId: 'a' }],
    invalid: [
      [{ activityId: iri, profileId: '' }, '/profileId', 'minLength'],
      [{ activityId: iri, since: 'x' }, '/since', 'format/timestamp'],
      [{ activityId: iri, stateId: 'a' }, '/stateId', 'additionalProperties'],
      [{ activityId: iri, profileId: 'a', since: '2026-01-31T12:00:00Z' }, '/since', 'exclusiveParameters'],
      [{ profileId: 'a' }, '', 'required'],
      [{ activityId: 'page' }, '/activityId', 'format/iri']
    ]
  },
  '1.0.3/agent-profile-parameters': {
    valid: [{ agent: agentText, profileId: 'a' }],
    invalid: [
      [{ agent: mbox }, '/agent', 'type'],
      [{ agent: agentText, profileId: '' }, '/profileId', 'minLength'],
      [{ agent: agentText, since: 'x' }, '/since', 'format/timestamp'],
      [{ agent: agentText, stateId: 'a' }, '/stateId', 'additionalProperties'],
      [{ agent: agentText, profileId: 'a', since: '2026-01-31T12:00:00Z' }, '/since', 'exclusiveParameters'],
      [{ profileId: 'a' }, '', 'required'],
      [{ agent: agentText, registration: uuid }, '/registration', 'additionalProperties']
    ]
  },
  '1.0.3/agents-parameters': {
    valid: [{ agent: agentText }],
    invalid: [
      [{ agent: mbox }, '/agent', 'type'],
      [{ agent: agentText, name: 'x' }, '/name', 'additionalProperties'],
      [{}, '', 'required']
    ]
  },
  '1.0.3/activities-parameters': {
    valid: [{ activityId: iri }],
    invalid: [
      [{ activityId: 'page' }, '/activityId', 'format/iri'],
      [{ activityId: iri, format: 'ids' }, '/format', 'additionalProperties'],
      [{}, '', 'required']
    ]
  },
  '2.0.0/context-agent': {
    valid: [{ objectType: 'contextAgent', agent: mbox, relevantTypes: [iri] }],
    invalid: [
      [{ agent: mbox }, '', 'required'],
      [{ objectType: 'contextAgent' }, '', 'required'],
      [{ objectType: 'contextagent', agent: mbox }, '/objectType', 'const'],
      [{ objectType: 'contextAgent', agent: group }, '/agent/objectType', 'const'],
      [{ objectType: 'contextAgent', agent: mbox, relevantTypes: [] }, '/relevantTypes', 'minItems'],
      [{ objectType: 'contextAgent', agent: mbox, relevantTypes: ['abc'] }, '/relevantTypes/0', 'format/iri']
    ]
  },
  '2.0.0/context-group': {
    valid: [{ objectType: 'contextGroup', group }],
    invalid: [
      [{ objectType: 'contextAgent', group }, '/objectType', 'const'],
      [{ group }, '', 'required'],
      [{ objectType: 'contextGroup' }, '', 'required'],
      [{ objectType: 'contextGroup', group, relevantTypes: ['abc'] }, '/relevantTypes/0', 'format/iri'],
      [{ objectType: 'contextGroup', group: mbox }, '/group', 'required'],
      [{ objectType: 'contextGroup', group, member: [mbox] }, '/member', 'additionalProperties'],
      [{ objectType: 'contextGroup', group, relevantTypes: iri }, '/relevantTypes', 'type']
    ]
  },
  '2.0.0/context': {
    valid: [{}, context, complete2.context],
    invalid: [
      [{ contextAgents: { objectType: 'contextAgent', agent: mbox } }, '/contextAgents', 'type'],
      [{ contextGroups: [mbox] }, '/contextGroups/0', 'required'],
      [{ contextagents: [] }, '/contextagents', 'additionalProperties']
    ]
  },
  '2.0.0/statement': {
    valid: [minimal, complete, complete2, withSubStatement],
    invalid: [
      [changed(minimal, ['/version', '3.0.0']), '/version', 'version'],
      [changed(minimal, ['/timestamp', '2026-01-31T12:00:00']), '/timestamp', 'format/date-time']
    ]
  },
  '2.0.0/sub-statement': {
    valid: [changed(withSubStatement.object, ['/context', complete2.context])],
    invalid: [[changed(withSubStatement.object, ['/version', '2.0.0']), '/version', 'additionalProperties']]
  }
}

const nameOf = (schema: AnySchemaObject): string =>
  String(schema.$id).slice(schemaBase.length).replace('.schema.json', '')

/** Every schema within a schema, itself first. */
function* subSchemas(value: unknown): Generator<Readonly<Record<string, unknown>>> {
  if (typeof value !== 'object' || value === null) return
  if (!Array.isArray(value)) yield value as Readonly<Record<string, unknown>>
  for (const each of Object.values(value)) yield* subSchemas(each)
}

const all = readSchemas('2.0.0')

// Checked against the meta-schema too, which the server does not do each time it starts.
const ajv = createAjv('2.0.0', { allErrors: true, meta: true, validateSchema: true })

t.test('an $id says where its file is, and there is nothing in the folders but schemas', async (t) => {
  const root = findSchemas(import.meta.url.replace('/test/', '/src/'))
  const files = versions.flatMap((version) =>
    readdirSync(new URL(`${version}/`, root)).map((file) => `${version}/${file}`)
  )
  t.same(all.map((schema) => `${nameOf(schema)}.schema.json`).sort(), files.sort())
})

t.test('schemas are found from src/ of the repository and from dist/src/ of the package', async (t) => {
  const package_ = t.testdir({ schemas: { xapi: { '1.0.3': { 'statement.schema.json': '{}' } } } })
  for (const module of ['src/validation/registry.ts', 'dist/src/validation/registry.js']) {
    t.equal(findSchemas(`file://${package_}/${module}`).pathname, `${package_}/schemas/xapi/`)
  }
  t.throws(() => findSchemas(`file://${package_}/some/where/src/validation/registry.js`), { code: 'INTERNAL' })
})

t.test('every schema has a title, and names the clause that it states', async (t) => {
  for (const schema of all) {
    t.type(schema.title, 'string', nameOf(schema))
    t.match(schema.description, /Data §\d|Communication §\d|IEEE 9274/, nameOf(schema))
  }
})

t.test('every format that a schema names is known', async (t) => {
  const named = new Set<unknown>()
  for (const schema of all)
    for (const { format } of subSchemas(schema)) if (typeof format === 'string') named.add(format)
  t.same([...named].sort(), Object.keys(formats).sort())
})

t.test('JSON within a parameter has a schema, which is there', async (t) => {
  for (const schema of all) {
    for (const { contentMediaType, contentSchema } of subSchemas(schema)) {
      if (contentMediaType === undefined) continue
      const ref = (contentSchema as AnySchemaObject).$ref
      t.ok(ajv.getSchema(new URL(String(ref), schema.$id).href), `${nameOf(schema)} refers to ${ref}`)
    }
  }
})

t.test('there are examples for every schema, and for nothing else', async (t) => {
  t.same(Object.keys(examples).sort(), all.map(nameOf).sort())
})

for (const schema of all) {
  t.test(`schema ${nameOf(schema)} is valid, strict, and right about its examples`, async (t) => {
    t.ok(ajv.validateSchema(schema), 'as of its meta-schema')
    const validate = ajv.getSchema(String(schema.$id))
    if (validate === undefined) throw new Error('it does not compile')
    const { valid = [], invalid = [] } = examples[nameOf(schema)] ?? {}
    for (const value of valid) {
      t.equal(validate(value), true, `valid: ${JSON.stringify(value)}`)
    }
    for (const [value, pointer, rule] of invalid) {
      t.equal(validate(value), false, `invalid: ${JSON.stringify(value)}`)
      const faults = explain(validate.errors ?? [])
      t.ok(
        faults.some((fault) => fault.pointer === pointer && fault.rule === rule),
        `${pointer} breaks ${rule}`,
        { faults, value }
      )
    }
  })
}
