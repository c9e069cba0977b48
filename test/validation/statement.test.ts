import t from 'tap'
import { validateStatement } from '../../src/validation/statement.ts'
import { voidedVerb } from '../../src/xapi/statement.ts'
import { type Version, versions } from '../../src/xapi/version.ts'
import { type Change, changed, complete, complete2, minimal, withSubStatement } from './examples.ts'

const mbox = { mbox: 'mailto:ada@example.org' }
const group = { objectType: 'Group', member: [mbox] }
const ref = { objectType: 'StatementRef', id: '6690e6c9-3ef0-4ed3-8b37-7f3964730bee' }
const sub = { ...minimal, objectType: 'SubStatement' }
const voiding = changed(minimal, ['/verb/id', voidedVerb], ['/object', ref])

/** Base, what is changed in it, and where that breaks which rule; nothing: it stays valid. */
type Row = readonly [
  clause: string,
  base: object,
  changes: readonly Change[],
  pointer?: string,
  rule?: string | undefined
]

const inBoth: readonly Row[] = [
  ['a statement needs an actor (Data §2.2)', minimal, [['/actor', undefined]], '', 'required'],
  ['a statement needs a verb (Data §2.2)', minimal, [['/verb', undefined]], '', 'required'],
  ['a statement needs an object (Data §2.2)', minimal, [['/object', undefined]], '', 'required'],
  ['no more than that is needed (Data §2.4)', minimal, []],
  ['keys have a case (Data §2.2)', minimal, [['/Result', {}]], '/Result', 'additionalProperties'],
  ['an unknown property is refused (Data §2.2)', minimal, [['/comment', 'x']], '/comment', 'additionalProperties'],
  ['null is refused (Data §2.2)', complete, [['/actor/name', null]], '/actor/name', 'noNulls'],
  [
    'null is refused in a language map (Data §2.2)',
    complete,
    [['/verb/display/de', null]],
    '/verb/display/de',
    'noNulls'
  ],
  ['null is refused in place of a part (Data §2.2)', minimal, [['/result', null]], '/result', 'noNulls'],
  [
    'null is refused as objectType (Data §2.2)',
    minimal,
    [['/object/objectType', null]],
    '/object/objectType',
    'noNulls'
  ],
  [
    'null, {}, [] and "" are kept in extensions (Data §4.1)',
    minimal,
    [['/result', { extensions: { 'x:1': null, 'x:2': {}, 'x:3': [], 'x:4': '' } }]]
  ],
  ['extensions may be empty (Data §4.1)', minimal, [['/context', { extensions: {} }]]],
  ['a number is not a string (Data §2.2)', complete, [['/result/score/raw', '9']], '/result/score/raw', 'type'],
  ['a boolean is not a string (Data §2.2)', complete, [['/result/completion', 'false']], '/result/completion', 'type'],

  ['an id is a UUID (Data §2.4.1)', complete, [['/id', 'AA97B177-9383-4934-8543-0F91A7A028368']], '/id', 'format/uuid'],
  ['an id is a string (Data §2.4.1)', complete, [['/id', 12345]], '/id', 'type'],

  ['an Agent has an identifier (Data §2.4.2.1)', minimal, [['/actor', { name: 'Ada' }]], '/actor', 'oneIdentifier'],
  [
    'an Agent has one identifier only (Data §2.4.2.1)',
    minimal,
    [['/actor/openid', 'https://a.example']],
    '/actor',
    'oneIdentifier'
  ],
  [
    'an identified Group has one identifier only (Data §2.4.2.2)',
    minimal,
    [['/actor', { ...group, ...mbox, openid: 'https://a.example' }]],
    '/actor',
    'oneIdentifier'
  ],
  [
    'an anonymous Group has members (Data §2.4.2.2)',
    minimal,
    [['/actor', { objectType: 'Group' }]],
    '/actor',
    'required'
  ],
  ['an identified Group needs none (Data §2.4.2.2)', minimal, [['/actor', { objectType: 'Group', ...mbox }]]],
  [
    'no Group is a member of a Group (Data §2.4.2.2)',
    minimal,
    [['/actor', { objectType: 'Group', member: [group] }]],
    '/actor/member/0/objectType',
    'const'
  ],
  [
    'members are an array (Data §2.4.2.2)',
    minimal,
    [['/actor', { objectType: 'Group', member: mbox }]],
    '/actor/member',
    'type'
  ],
  ['only Agents and Groups act (Data §2.4.2)', minimal, [['/actor', ref]], '/actor/objectType', 'enum'],
  ['objectType has a case (Data §2.4.2)', minimal, [['/actor/objectType', 'agent']], '/actor/objectType', 'enum'],
  [
    'an mbox begins with mailto: (Data §2.4.2.3)',
    minimal,
    [['/actor/mbox', 'ada@example.org']],
    '/actor/mbox',
    'format/mailto-iri'
  ],
  [
    'an account has a homePage (Data §2.4.2.4)',
    complete,
    [['/actor/account/homePage', undefined]],
    '/actor/account',
    'required'
  ],
  [
    'an account has a name (Data §2.4.2.4)',
    complete,
    [['/actor/account/name', undefined]],
    '/actor/account',
    'required'
  ],

  ['a Verb has an id (Data §2.4.3)', minimal, [['/verb/id', undefined]], '/verb', 'required'],
  ['a Verb id is an IRI (Data §2.4.3)', minimal, [['/verb/id', 'ab=c://should.fail.com']], '/verb/id', 'format/iri'],
  [
    'a display has language tags (Data §2.4.3)',
    minimal,
    [['/verb/display', { something: 'x' }]],
    '/verb/display/something',
    'format/language-tag'
  ],

  [
    'an Object is an Activity unless it says otherwise (Data §2.4.4)',
    minimal,
    [['/object', mbox]],
    '/object',
    'required'
  ],
  ['an Object may be an Agent (Data §2.4.4.2)', minimal, [['/object', { objectType: 'Agent', ...mbox }]]],
  ['an Object may be a Group (Data §2.4.4.2)', minimal, [['/object', group]]],
  ['an Object may be a StatementRef (Data §2.4.4.3)', minimal, [['/object', ref]]],
  ['an Object may be a SubStatement (Data §2.4.4.3)', minimal, [['/object', sub]]],
  [
    'an Object is nothing else (Data §2.4.4)',
    minimal,
    [['/object', { ...sub, objectType: 'Statement' }]],
    '/object/objectType',
    'enum'
  ],
  [
    'a StatementRef names a UUID (Data §2.4.4.3)',
    minimal,
    [['/object', { ...ref, id: 'x' }]],
    '/object/id',
    'format/uuid'
  ],
  [
    'a StatementRef has nothing but an id (Data §2.4.4.3)',
    minimal,
    [['/object', { ...ref, definition: {} }]],
    '/object/definition',
    'additionalProperties'
  ],
  [
    'interaction components need their interactionType (Data §2.4.4.1)',
    complete,
    [['/object/definition/interactionType', undefined]],
    '/object/definition',
    'interactionComponents'
  ],
  [
    'interaction components go with their interactionType only (Data §2.4.4.1)',
    complete,
    [['/object/definition/interactionType', 'likert']],
    '/object/definition/interactionType',
    'interactionComponents'
  ],
  [
    '... in contextActivities too (Data §2.4.4.1)',
    complete,
    [['/context/contextActivities/parent/definition/interactionType', 'likert']],
    '/context/contextActivities/parent/definition/interactionType',
    'interactionComponents'
  ],
  [
    'ids of components are distinct (Data §2.4.4.1)',
    complete,
    [['/object/definition/choices/1/id', 'a']],
    '/object/definition/choices/1/id',
    'distinctComponents'
  ],
  [
    '... in a contextActivity alone (Data §2.4.4.1)',
    complete,
    [['/context/contextActivities/parent/definition/choices/1/id', 'a']],
    '/context/contextActivities/parent/definition/choices/1/id',
    'distinctComponents'
  ],
  [
    '... in an array of contextActivities (Data §2.4.4.1)',
    complete,
    [
      [
        '/context/contextActivities/other/1/definition',
        { interactionType: 'performance', steps: [{ id: 'a' }, { id: 'b' }, { id: 'b' }] }
      ]
    ],
    '/context/contextActivities/other/1/definition/steps/2/id',
    'distinctComponents'
  ],
  [
    'ids of two lists may agree (Data §2.4.4.1)',
    minimal,
    [['/object/definition', { interactionType: 'matching', source: [{ id: 'a' }], target: [{ id: 'a' }] }]]
  ],

  ['a voiding statement has a StatementRef (Data §2.3.2)', voiding, []],
  [
    'a voiding statement has no Activity (Data §2.3.2)',
    voiding,
    [['/object', { id: 'x:y' }]],
    '/object',
    'voidingRefersToStatement'
  ],
  [
    'a voiding statement has no Agent (Data §2.3.2)',
    voiding,
    [['/object', { objectType: 'Agent', ...mbox }]],
    '/object/objectType',
    'voidingRefersToStatement'
  ],

  [
    'a SubStatement holds no other (Data §2.4.4.3)',
    withSubStatement,
    [['/object/object', sub]],
    '/object/object/objectType',
    'noNestedSubStatement'
  ],
  [
    'a SubStatement has no id (Data §2.4.4.3)',
    withSubStatement,
    [['/object/id', ref.id]],
    '/object/id',
    'additionalProperties'
  ],
  [
    'a SubStatement has no stored (Data §2.4.4.3)',
    withSubStatement,
    [['/object/stored', complete.stored]],
    '/object/stored',
    'additionalProperties'
  ],
  [
    'a SubStatement has no version (Data §2.4.4.3)',
    withSubStatement,
    [['/object/version', '1.0.0']],
    '/object/version',
    'additionalProperties'
  ],
  [
    'a SubStatement has no authority (Data §2.4.4.3)',
    withSubStatement,
    [['/object/authority', mbox]],
    '/object/authority',
    'additionalProperties'
  ],
  [
    'a SubStatement needs an actor (Data §2.4.4.3)',
    withSubStatement,
    [['/object/actor', undefined]],
    '/object',
    'required'
  ],
  [
    'a SubStatement is validated as a statement: score (Data §2.4.4.3)',
    withSubStatement,
    [['/object/result/score/raw', 11]],
    '/object/result/score/raw',
    'scoreRange'
  ],
  [
    'a SubStatement is validated as a statement: components (Data §2.4.4.3)',
    withSubStatement,
    [['/object/object/definition/choices/1/id', 'a']],
    '/object/object/definition/choices/1/id',
    'distinctComponents'
  ],
  [
    'a SubStatement is validated as a statement: voiding (Data §2.4.4.3)',
    withSubStatement,
    [['/object/verb/id', voidedVerb]],
    '/object/object/objectType',
    'voidingRefersToStatement'
  ],
  [
    'a SubStatement is validated as a statement: platform (Data §2.4.4.3)',
    withSubStatement,
    [['/object/object', group]],
    '/object/context/platform',
    'onlyWithActivity'
  ],
  [
    'a timestamp of a SubStatement is one (Data §4.5)',
    withSubStatement,
    [['/object/timestamp', '2008-09-15T15:53:00.601-00']],
    '/object/timestamp',
    undefined
  ],

  [
    'an Agent as Object is one (Data §2.4.4.2)',
    minimal,
    [['/object', { objectType: 'Agent' }]],
    '/object',
    'oneIdentifier'
  ],
  ['a Group as Object is one (Data §2.4.4.2)', minimal, [['/object', { objectType: 'Group' }]], '/object', 'required'],
  [
    'an Agent as Object of a SubStatement is one (Data §2.4.4.3)',
    minimal,
    [['/object', { ...sub, object: { objectType: 'Agent' } }]],
    '/object/object',
    'oneIdentifier'
  ],
  [
    'a Group as Object of a SubStatement is one (Data §2.4.4.3)',
    minimal,
    [['/object', { ...sub, object: { objectType: 'Group' } }]],
    '/object/object',
    'required'
  ],
  [
    'a StatementRef as Object of a SubStatement is one (Data §2.4.4.3)',
    minimal,
    [['/object', { ...sub, object: { objectType: 'StatementRef' } }]],
    '/object/object',
    'required'
  ],
  [
    'an Activity as Object of a SubStatement is one (Data §2.4.4.3)',
    minimal,
    [['/object', { ...sub, object: {} }]],
    '/object/object',
    'required'
  ],
  [
    'a SubStatement needs a verb (Data §2.4.4.3)',
    withSubStatement,
    [['/object/verb', undefined]],
    '/object',
    'required'
  ],
  [
    'a SubStatement needs an object (Data §2.4.4.3)',
    withSubStatement,
    [['/object/object', undefined]],
    '/object',
    'required'
  ],
  [
    'a SubStatement is validated as a statement: attachments (Data §2.4.4.3)',
    withSubStatement,
    [['/object/attachments/0/sha2', 'x']],
    '/object/attachments/0/sha2',
    'format/sha2'
  ],
  [
    'a timestamp is one (Data §4.5)',
    complete,
    [['/timestamp', '2008-09-15T15:53:00.601-00:00']],
    '/timestamp',
    undefined
  ],
  [
    'scaled is at most 1 (Data §2.4.5.1)',
    complete,
    [['/result/score/scaled', 1.01]],
    '/result/score/scaled',
    'maximum'
  ],
  [
    'scaled is at least -1 (Data §2.4.5.1)',
    complete,
    [['/result/score/scaled', -1.01]],
    '/result/score/scaled',
    'minimum'
  ],
  ['scaled may be -1 (Data §2.4.5.1)', complete, [['/result/score/scaled', -1]]],
  ['min is less than max (Data §2.4.5.1)', complete, [['/result/score/min', 10]], '/result/score/min', 'scoreRange'],
  ['raw is at least min (Data §2.4.5.1)', complete, [['/result/score/raw', -0.1]], '/result/score/raw', 'scoreRange'],
  ['raw is at most max (Data §2.4.5.1)', complete, [['/result/score/raw', 10.1]], '/result/score/raw', 'scoreRange'],
  [
    'raw is at most max where there is no min (Data §2.4.5.1)',
    minimal,
    [['/result', { score: { raw: 2, max: 1 } }]],
    '/result/score/raw',
    'scoreRange'
  ],
  ['raw may be min or max (Data §2.4.5.1)', complete, [['/result/score/raw', 10]]],
  ['raw alone is free (Data §2.4.5.1)', minimal, [['/result', { score: { raw: -1e300 } }]]],
  [
    'weeks stand alone in a duration (Data §4.6)',
    complete,
    [['/result/duration', 'P4W1D']],
    '/result/duration',
    'format/iso8601-duration'
  ],
  ['weeks are a duration (Data §4.6)', complete, [['/result/duration', 'P4W']]],
  ['a duration may be finer than 0.01 s (Data §4.6)', complete, [['/result/duration', 'P1DT12H36M0.12567S']]],

  [
    'a registration is a UUID (Data §2.4.6)',
    complete,
    [['/context/registration', 'x']],
    '/context/registration',
    'format/uuid'
  ],
  ['an instructor may be a Group (Data §2.4.6)', complete, [['/context/instructor', group]]],
  [
    'a team is a Group (Data §2.4.6)',
    complete,
    [['/context/team', { objectType: 'Agent', ...mbox }]],
    '/context/team/objectType',
    'const'
  ],
  [
    'a language is a language tag (Data §2.4.6)',
    complete,
    [['/context/language', 'en_US']],
    '/context/language',
    'format/language-tag'
  ],
  [
    'revision goes with an Activity only (Data §2.4.6)',
    minimal,
    [
      ['/object', group],
      ['/context', { revision: '1' }]
    ],
    '/context/revision',
    'onlyWithActivity'
  ],
  [
    'platform goes with an Activity only (Data §2.4.6)',
    minimal,
    [
      ['/object', ref],
      ['/context', { platform: 'x' }]
    ],
    '/context/platform',
    'onlyWithActivity'
  ],
  [
    'revision goes with an Activity that does not say so (Data §2.4.6)',
    minimal,
    [['/context', { revision: '1', platform: 'x' }]]
  ],
  [
    'context.statement is a StatementRef (Data §2.4.6)',
    complete,
    [['/context/statement/objectType', undefined]],
    '/context/statement',
    'required'
  ],
  [
    'there are four contextActivities (Data §2.4.6.2)',
    complete,
    [['/context/contextActivities/child', []]],
    '/context/contextActivities/child',
    'additionalProperties'
  ],
  [
    'contextActivities are Activities (Data §2.4.6.2)',
    complete,
    [['/context/contextActivities/parent', group]],
    '/context/contextActivities/parent/objectType',
    'const'
  ],
  [
    'a contextActivity is an object or an array (Data §2.4.6.2)',
    complete,
    [['/context/contextActivities/parent', 'x:y']],
    '/context/contextActivities/parent',
    'type'
  ],

  ['stored is a timestamp (Data §2.4.8)', complete, [['/stored', '2026-02-30T12:00:00Z']], '/stored', undefined],
  ['a timestamp may be in the future (Data §2.4.7)', complete, [['/timestamp', '2999-01-01T00:00:00Z']]],
  ['an authority may be an Agent (Data §2.4.9)', complete, [['/authority', mbox]]],
  [
    'an authority is no identified Group (Data §2.4.9)',
    complete,
    [['/authority/mbox', mbox.mbox]],
    '/authority/mbox',
    'authority'
  ],
  [
    'an authority Group has no third member (Data §2.4.9)',
    complete,
    [['/authority/member/2', mbox]],
    '/authority/member',
    'authority'
  ],
  [
    'an authority Group has a second member (Data §2.4.9)',
    complete,
    [['/authority/member', [mbox]]],
    '/authority/member',
    'authority'
  ],

  ['version 1.0 is accepted (Data §2.4.10)', complete, [['/version', '1.0']]],
  ['version 1.0.9 is accepted (Data §2.4.10)', complete, [['/version', '1.0.9']]],
  ['version 0.9.9 is refused (Data §2.4.10)', complete, [['/version', '0.9.9']], '/version', 'version'],
  ['version 1.1.0 is refused (Data §2.4.10)', complete, [['/version', '1.1.0']], '/version', 'version'],
  ['version 1.0.x is refused (Data §2.4.10)', complete, [['/version', '1.0.x']], '/version', 'version'],
  ['version is a string (Data §2.4.10)', complete, [['/version', 1.0]], '/version', 'version'],

  [
    'attachments are an array (Data §2.4.11)',
    complete,
    [['/attachments', complete.attachments[0]]],
    '/attachments',
    'type'
  ],
  ['attachments are objects (Data §2.4.11)', complete, [['/attachments/0', 'x']], '/attachments/0', 'type'],
  [
    'an attachment has its hash, with fileUrl too (Data §2.4.11)',
    complete,
    [['/attachments/0/sha2', undefined]],
    '/attachments/0',
    'required'
  ],
  [
    'an attachment has a media type (Data §2.4.11)',
    complete,
    [['/attachments/0/contentType', 'text']],
    '/attachments/0/contentType',
    'format/media-type'
  ],

  [
    'extensions have IRIs as keys: definition (Data §4.1)',
    complete,
    [['/object/definition/extensions', { a: 1 }]],
    '/object/definition/extensions/a',
    'format/iri'
  ],
  [
    'extensions have IRIs as keys: result (Data §4.1)',
    complete,
    [['/result/extensions', { 'example.com/x': 1 }]],
    '/result/extensions/example.com~1x',
    'format/iri'
  ],
  [
    'extensions have IRIs as keys: context (Data §4.1)',
    complete,
    [['/context/extensions', { '': 1 }]],
    '/context/extensions/',
    'format/iri'
  ]
]

const only: { readonly [version in Version]: readonly Row[] } = {
  '1.0.3': [
    ['everything that 1.0.3 has a place for', complete, []],
    ['a timestamp may lack its offset (Data §4.5)', complete, [['/timestamp', '2026-01-31T12:00:00']]],
    ['version 2.0.0 is refused in 1.0.3 (ruling 27)', complete, [['/version', '2.0.0']], '/version', 'version'],
    [
      '1.0.3 has no contextAgents',
      complete2,
      [['/version', '1.0.3']],
      '/context/contextAgents',
      'additionalProperties'
    ],
    ['1.0.3 has no contextGroups', complete2, [['/version', '1.0.3']], '/context/contextGroups', 'additionalProperties']
  ],
  '2.0.0': [
    ['everything that 2.0 has a place for', complete2, []],
    ['a SubStatement has contextAgents', withSubStatement, [['/object/context', complete2.context]]],
    [
      'a timestamp has an offset (RFC 3339)',
      complete,
      [['/timestamp', '2026-01-31T12:00:00']],
      '/timestamp',
      'format/date-time'
    ],
    ['version 2.0.1 is accepted in 2.0 (ruling 27)', complete, [['/version', '2.0.1']]],
    ['version 1.0.3 is accepted in 2.0 (ruling 27)', complete, [['/version', '1.0.3']]],
    ['version 2.1.0 is refused in 2.0', complete, [['/version', '2.1.0']], '/version', 'version'],
    [
      'contextAgents have their objectType',
      complete2,
      [['/context/contextAgents/0/objectType', 'Agent']],
      '/context/contextAgents/0/objectType',
      'const'
    ],
    [
      'contextAgents have an Agent',
      complete2,
      [['/context/contextAgents/0/agent', group]],
      '/context/contextAgents/0/agent/objectType',
      'const'
    ],
    [
      'contextGroups have a Group',
      complete2,
      [['/context/contextGroups/0/group', mbox]],
      '/context/contextGroups/0/group',
      'required'
    ],
    [
      'relevantTypes are not empty',
      complete2,
      [['/context/contextGroups/0/relevantTypes', []]],
      '/context/contextGroups/0/relevantTypes',
      'minItems'
    ],
    [
      'relevantTypes are IRIs',
      complete2,
      [['/context/contextAgents/0/relevantTypes/0', 'abc']],
      '/context/contextAgents/0/relevantTypes/0',
      'format/iri'
    ]
  ]
}

for (const version of versions) {
  const timestamp = version === '1.0.3' ? 'format/timestamp' : 'format/date-time'
  for (const [clause, base, changes, pointer, rule = timestamp] of [...inBoth, ...only[version]]) {
    t.test(`${version}: ${clause}`, async (t) => {
      const statement = changed(base, ...changes)
      const problems = validateStatement(statement, version, 7)
      if (pointer === undefined) {
        t.same(problems, [])
        return
      }
      const problem = problems.find((each) => each.pointer === pointer && each.rule === rule)
      t.ok(problem, `${rule} at ${JSON.stringify(pointer)}`, { problems })
      t.equal(problem?.index, 7, 'the problem says which statement of the batch it is of')
      t.ok(problem?.expected, 'the problem says what was expected')
    })
  }
}

t.test(
  'a statement with several faults gets a problem for each, of the branch that its objectType chose',
  async (t) => {
    const statement = changed(
      complete,
      ['/actor', { objectType: 'Group' }],
      ['/verb/id', 'read'],
      ['/object', { objectType: 'StatementRef', id: 'x' }],
      ['/context', { language: 'x', contextActivities: { parent: [{ id: 'y:y' }, { id: 'z' }] } }]
    )
    const problems = validateStatement(statement, '1.0.3')
    t.same(problems.map(({ pointer, rule }) => `${pointer} ${rule}`).sort(), [
      '/actor required',
      '/context/contextActivities/parent/1/id format/iri',
      '/context/language format/language-tag',
      '/object/id format/uuid',
      '/verb/id format/iri'
    ])
  }
)

t.test(
  'an objectType that there is not is one problem: nothing is said of what the object might have been',
  async (t) => {
    for (const pointer of ['/actor', '/authority', '/object', '/context/instructor']) {
      const problems = validateStatement(changed(complete, [pointer, { objectType: 'agent', ...mbox }]), '1.0.3')
      t.same(
        problems.map((problem) => `${problem.pointer} ${problem.rule}`),
        [`${pointer}/objectType enum`]
      )
    }
    for (const version of versions) {
      const statement = changed(withSubStatement, ['/object/object', { objectType: 'agent', ...mbox }])
      t.same(
        validateStatement(statement, version)
          .map((problem) => `${problem.pointer} ${problem.rule}`)
          .sort(),
        ['/object/object/objectType noNestedSubStatement']
      )
    }
  }
)

t.test('what was expected is said in words', async (t) => {
  const expectedOf = (...changes: readonly Change[]) =>
    validateStatement(changed(complete, ...changes), '1.0.3')[0]?.expected
  t.equal(expectedOf(['/verb/id', 'read']), 'an IRI with a scheme')
  t.equal(expectedOf(['/verb', undefined]), 'a property `verb`')
  t.equal(expectedOf(['/result/success', 1]), 'true or false')
  t.equal(expectedOf(['/result/success', null]), 'true or false, or no such property: null is for extensions only')
  t.equal(expectedOf(['/Context', {}]), 'no such property; did you mean `context`?')
  t.equal(expectedOf(['/comment', 'x']), 'no such property')
  t.equal(expectedOf(['/actor', {}]), 'exactly one of `mbox`, `mbox_sha1sum`, `openid` and `account`')
  t.equal(
    expectedOf(['/object/objectType', 'Thing']),
    'one of `Activity`, `Agent`, `Group`, `StatementRef`, `SubStatement`'
  )
  t.equal(expectedOf(['/context/contextActivities/parent', 1]), 'an array or an object')
  t.equal(expectedOf(['/result/score/scaled', 2]), 'a number of at most 1')
  t.equal(expectedOf(['/version', '2.0.0']), 'version 1.0 or 1.0.x')
})
