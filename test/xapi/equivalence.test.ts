import fc from 'fast-check'
import t from 'tap'
import { sameSigned, sameStatement } from '../../src/xapi/equivalence.ts'
import { type Attachment, type JsonObject, type Statement, signatureUsageType } from '../../src/xapi/statement.ts'
import {
  anActivity,
  anId,
  anonymousGroup,
  aStatement,
  aSubStatement,
  identifiedGroup,
  withAccount,
  withMbox
} from '../support/statements.ts'

const id = 'a1b2c3d4-0000-4000-8000-00000000abcd'
const base = aStatement({ id, version: '1.0.0' })
const { timestamp: _, ...untimed } = base

const anAttachment: Attachment = {
  usageType: 'https://example.org/certificate',
  display: { 'en-US': 'Certificate' },
  contentType: 'application/pdf',
  length: 3,
  sha2: 'ab'.repeat(32)
}
const another: Attachment = { ...anAttachment, sha2: 'cd'.repeat(32) }

interface Case {
  readonly one: Statement
  readonly other: Statement
}
type Table = Readonly<Record<string, Case>>

const with1 = (parts: Partial<Statement>): Statement => ({ ...base, ...parts })
const pair = (one: Partial<Statement>, other: Partial<Statement>): Case => ({ one: with1(one), other: with1(other) })
// Some of what is compared has no place in the types, because it is the form before or beyond validation.
const raw = (parts: object): Partial<Statement> => parts as Partial<Statement>

const same: Table = {
  'ruling 16: id, authority, stored and version are assigned by the server': {
    one: { ...base, stored: '2026-01-01T00:00:00.000001Z' },
    other: { ...untimed, timestamp: '2026-11-21T08:00:00Z' }
  },
  'ruling 16: another authority, another version of the same line': pair(
    { authority: withMbox('lms'), version: '1.0.0' },
    { authority: withMbox('other'), version: '1.0.3' }
  ),
  'ruling 16: a timestamp that is missing still is given by the server': { one: base, other: untimed },
  'ruling 16: a timestamp that equals stored was given by the server': pair(
    { stored: '2026-01-01T00:00:00.000001Z', timestamp: '2026-01-01T00:00:00.000001Z' },
    { timestamp: '2020-01-01T00:00:00Z' }
  ),
  'ruling 16: timestamps compare as instants': pair(
    { timestamp: '2026-01-01T12:00:00.5+02:00' },
    { timestamp: '2026-01-01T10:00:00.500000Z' }
  ),
  'ruling 16: one Activity alone in contextActivities equals an array of one': pair(
    { context: { contextActivities: { parent: anActivity('a') } } },
    { context: { contextActivities: { parent: [anActivity('a')] } } }
  ),
  'ruling 16: the same in the contextActivities of a SubStatement': pair(
    { object: aSubStatement({ context: { contextActivities: { other: anActivity('a') } } }) },
    { object: aSubStatement({ context: { contextActivities: { other: [anActivity('a')] } } }) }
  ),
  'ruling 16: the order of contextActivities means nothing': pair(
    { context: { contextActivities: { grouping: [anActivity('a'), anActivity('b')] } } },
    { context: { contextActivities: { grouping: [anActivity('b'), anActivity('a')] } } }
  ),
  'ruling 16: the order of the members of a Group means nothing': pair(
    { actor: anonymousGroup(withMbox('a'), withMbox('b'), withAccount('c')) },
    { actor: anonymousGroup(withAccount('c'), withMbox('b'), withMbox('a')) }
  ),
  'ruling 16: nor does it in a team, an instructor, an Object': pair(
    {
      object: identifiedGroup(withMbox('g'), withMbox('a'), withMbox('b')),
      context: { team: anonymousGroup(withMbox('a'), withMbox('b')) }
    },
    {
      object: identifiedGroup(withMbox('g'), withMbox('b'), withMbox('a')),
      context: { team: anonymousGroup(withMbox('b'), withMbox('a')) }
    }
  ),
  'ruling 16: the order of attachments means nothing': pair(
    { attachments: [anAttachment, another] },
    { attachments: [another, anAttachment] }
  ),
  'ruling 16: the order of contextAgents, contextGroups and relevantTypes means nothing': pair(
    {
      context: {
        contextAgents: [
          { objectType: 'contextAgent', agent: withMbox('a'), relevantTypes: ['https://x.org/1', 'https://x.org/2'] },
          { objectType: 'contextAgent', agent: withMbox('b') }
        ],
        contextGroups: [
          { objectType: 'contextGroup', group: anonymousGroup(withMbox('a'), withMbox('b')) },
          { objectType: 'contextGroup', group: identifiedGroup(withMbox('g')) }
        ]
      }
    },
    {
      context: {
        contextAgents: [
          { objectType: 'contextAgent', agent: withMbox('b') },
          { objectType: 'contextAgent', agent: withMbox('a'), relevantTypes: ['https://x.org/2', 'https://x.org/1'] }
        ],
        contextGroups: [
          { objectType: 'contextGroup', group: identifiedGroup(withMbox('g')) },
          { objectType: 'contextGroup', group: anonymousGroup(withMbox('b'), withMbox('a')) }
        ]
      }
    }
  ),
  'ruling 16: display of a Verb does not count': pair(
    { verb: { id: 'https://v.org/1', display: { en: 'did' } } },
    { verb: { id: 'https://v.org/1' } }
  ),
  'ruling 16: definition of an Activity does not count': pair(
    { object: anActivity('a', { name: { en: 'A' } }) },
    { object: anActivity('a', { name: { en: 'B' }, type: 'https://t.org/1' }) }
  ),
  'ruling 16: neither does in a SubStatement and in contextActivities': pair(
    {
      object: aSubStatement({ verb: { id: 'https://v.org/1', display: { en: 'x' } }, object: anActivity('a', {}) }),
      context: { contextActivities: { category: [anActivity('c', { name: { en: 'C' } })] } }
    },
    {
      object: aSubStatement({ verb: { id: 'https://v.org/1' }, object: anActivity('a') }),
      context: { contextActivities: { category: [anActivity('c')] } }
    }
  ),
  'ruling 16: the domain of an mbox has no case': pair(
    { actor: { mbox: 'mailto:Zoe@Example.ORG' }, object: { objectType: 'Agent', mbox: 'mailto:a@EXAMPLE.org' } },
    { actor: { mbox: 'mailto:Zoe@example.org' }, object: { objectType: 'Agent', mbox: 'mailto:a@example.org' } }
  ),
  'Data §2.3.1, case: hexadecimal digits have none': pair(
    {
      actor: { mbox_sha1sum: 'AB'.repeat(20) },
      object: { objectType: 'StatementRef', id: id.toUpperCase() },
      context: { registration: id.toUpperCase(), statement: { objectType: 'StatementRef', id: id.toUpperCase() } },
      attachments: [{ ...anAttachment, sha2: 'AB'.repeat(32) }]
    },
    {
      actor: { mbox_sha1sum: 'ab'.repeat(20) },
      object: { objectType: 'StatementRef', id },
      context: { registration: id, statement: { objectType: 'StatementRef', id } },
      attachments: [anAttachment]
    }
  ),
  'Data §2.3.1, case: language tags have none': pair(
    { context: { language: 'en-us' }, attachments: [{ ...anAttachment, display: { 'en-us': 'C', de: 'Z' } }] },
    { context: { language: 'en-US' }, attachments: [{ ...anAttachment, display: { de: 'Z', 'en-US': 'C' } }] }
  ),
  'the order of keys means nothing, in extensions neither': pair(
    { result: { success: true, extensions: { 'https://e.org/1': { a: 1, b: [null, {}] } } } },
    { result: { extensions: { 'https://e.org/1': { b: [null, {}], a: 1 } }, success: true } }
  ),
  'numbers compare by value': pair({ result: { score: { raw: 1 } } }, { result: JSON.parse('{"score":{"raw":1.0}}') }),
  'ruling 16: durations of 2.0 compare to 0.01 s, cut off and not rounded': pair(
    { version: '2.0.0', result: { duration: 'P1DT12H36M0.1237S' } },
    { version: '2.0.0', result: { duration: 'P1DT12H36M0.12S' } }
  ),
  'ruling 16: one side of 2.0 is enough for that': pair(
    { version: '2.0.0', result: { duration: 'PT1.001S' } },
    { result: { duration: 'PT1S' } }
  ),
  'ruling 16: and so do durations of its SubStatement': pair(
    { version: '2.0.1', object: aSubStatement({ result: { duration: 'PT0.500S' } }) },
    { version: '2.0.1', object: aSubStatement({ result: { duration: 'PT0.5S' } }) }
  ),
  'the timestamp of a SubStatement is an instant': pair(
    { object: aSubStatement({ timestamp: '2030-01-01T01:00:00+01:00' }) },
    { object: aSubStatement({ timestamp: '2030-01-01T00:00:00Z' }) }
  )
}

const different: Table = {
  'ruling 15: another actor': pair({ actor: withMbox('a') }, { actor: withMbox('b') }),
  'ruling 16: the local part of an mbox has case': pair(
    { actor: { mbox: 'mailto:Zoe@example.org' } },
    { actor: { mbox: 'mailto:zoe@example.org' } }
  ),
  'the name of an Agent counts': pair({ actor: { ...withMbox('a'), name: 'A' } }, { actor: withMbox('a') }),
  'another kind of actor': pair({ actor: withMbox('a') }, { actor: identifiedGroup(withMbox('a')) }),
  'a member more': pair(
    { actor: anonymousGroup(withMbox('a')) },
    { actor: anonymousGroup(withMbox('a'), withMbox('a')) }
  ),
  'another member': pair(
    { actor: anonymousGroup(withMbox('a'), withMbox('b')) },
    { actor: anonymousGroup(withMbox('a'), withMbox('c')) }
  ),
  'another verb': pair({ verb: { id: 'https://v.org/1' } }, { verb: { id: 'https://v.org/2' } }),
  'another object': pair({ object: anActivity('a') }, { object: anActivity('b') }),
  'an IRI has case': pair({ object: { id: 'https://A.org/' } }, { object: { id: 'https://a.org/' } }),
  'another kind of object': pair(
    { object: { objectType: 'StatementRef', id } },
    { object: { objectType: 'Activity', id } }
  ),
  'both have a timestamp of their own': pair(
    { stored: '2026-05-05T00:00:00Z', timestamp: '2026-01-01T00:00:00Z' },
    { timestamp: '2026-01-01T00:00:00.000001Z' }
  ),
  'a SubStatement is given no timestamp': pair(
    { object: aSubStatement({ timestamp: '2030-01-01T00:00:00Z' }) },
    { object: aSubStatement() }
  ),
  'ruling 16: a duration of 1.0.3 is a string': pair(
    { result: { duration: 'PT1.001S' } },
    { result: { duration: 'PT1.002S' } }
  ),
  'ruling 16: durations of 2.0 are cut off, not rounded': pair(
    { version: '2.0.0', result: { duration: 'PT0.126S' } },
    { version: '2.0.0', result: { duration: 'PT0.13S' } }
  ),
  'ruling 16: durations are not converted between units': pair(
    { version: '2.0.0', result: { duration: 'PT60S' } },
    { version: '2.0.0', result: { duration: 'PT1M' } }
  ),
  'only seconds are cut off': pair(
    { version: '2.0.0', result: { duration: 'PT1.501H' } },
    { version: '2.0.0', result: { duration: 'PT1.502H' } }
  ),
  'another result': pair({ result: { success: true } }, { result: { success: false } }),
  'another number': pair({ result: { score: { scaled: 0.1 } } }, { result: { score: { scaled: 0.2 } } }),
  'the order of an array in an extension counts': pair(
    { context: { extensions: { 'https://e.org/1': [1, 2] } } },
    { context: { extensions: { 'https://e.org/1': [2, 1] } } }
  ),
  'null, [], {} and nothing are four things in an extension': pair(
    { context: { extensions: { 'https://e.org/1': null } } },
    { context: { extensions: { 'https://e.org/2': null } } }
  ),
  'another registration': pair({ context: { registration: anId() } }, { context: { registration: anId() } }),
  'another kind of context activity': pair(
    { context: { contextActivities: { parent: [anActivity('a')] } } },
    { context: { contextActivities: { grouping: [anActivity('a')] } } }
  ),
  'what an attachment says counts': pair(
    { attachments: [anAttachment] },
    { attachments: [{ ...anAttachment, display: { 'en-US': 'Diploma' } }] }
  ),
  'another attachment': pair({ attachments: [anAttachment] }, { attachments: [another] }),
  'a key that is there against one that is not': pair({ result: {} }, {}),
  '`__proto__` in an extension is a key': pair(
    raw(JSON.parse('{"context":{"extensions":{"__proto__":{"a":1}}}}')),
    raw(JSON.parse('{"context":{"extensions":{"__proto__":{"a":2}}}}'))
  ),
  '`__proto__` in an extension is not nothing': pair(
    raw(JSON.parse('{"context":{"extensions":{"__proto__":{}}}}')),
    raw(JSON.parse('{"context":{"extensions":{}}}'))
  ),
  'a key of every object is none of this one': pair(
    raw(JSON.parse('{"context":{"extensions":{"toString":{}}}}')),
    raw(JSON.parse('{"context":{"extensions":{"valueOf":{}}}}'))
  )
}

for (const [rule, { one, other }] of Object.entries(same)) {
  t.test(`the same: ${rule}`, async (t) => {
    t.ok(sameStatement(one, other))
    t.ok(sameStatement(other, one))
  })
}

for (const [rule, { one, other }] of Object.entries(different)) {
  t.test(`another: ${rule}`, async (t) => {
    t.notOk(sameStatement(one, other))
    t.notOk(sameStatement(other, one))
  })
}

t.test('extensions of null, [], {} and "" are each themselves and nothing else', async (t) => {
  const values = ['null', '[]', '{}', '""', '0', 'false', '[null]', '[[]]']
  for (const one of values) {
    for (const other of values) {
      const of = (value: string) => with1(JSON.parse(`{"context":{"extensions":{"https://e.org/1":${value}}}}`))
      t.equal(sameStatement(of(one), of(other)), one === other, `${one} and ${other}`)
    }
  }
})

t.test('a statement is the same after any reordering of what has no order', async () => {
  const agent = fc.constantFrom(...['a', 'b', 'c', 'd'].map((name) => withMbox(name)))
  const members = fc.array(agent, { minLength: 1, maxLength: 6 })
  const shuffled = members.chain((some) =>
    fc.tuple(fc.constant(some), fc.shuffledSubarray(some, { minLength: some.length }))
  )
  fc.assert(
    fc.property(shuffled, ([one, other]) =>
      sameStatement(with1({ actor: anonymousGroup(...one) }), with1({ actor: anonymousGroup(...other) }))
    ),
    { numRuns: 200 }
  )
})

t.test('comparison is quick with many members and with deep extensions', async (t) => {
  const many = Array.from({ length: 5000 }, (_, at) => withMbox(`m${at}`))
  const deep = JSON.parse(`${'['.repeat(90)}${']'.repeat(90)}`)
  const one = with1({ actor: anonymousGroup(...many), context: { extensions: { 'https://e.org/1': deep } } })
  const other = { ...one, actor: anonymousGroup(...many.toReversed()) }
  const started = performance.now()
  t.ok(sameStatement(one, other))
  t.ok(performance.now() - started < 1000)
})

const signatureAttachment: Attachment = {
  usageType: signatureUsageType,
  display: { en: 'Signature' },
  contentType: 'application/octet-stream',
  length: 10,
  sha2: 'ef'.repeat(32)
}

t.test('ruling 19: what was signed is the statement before its signature was added', async (t) => {
  const payloadOf = (statement: object): JsonObject => JSON.parse(JSON.stringify(statement))
  const { id: _, version: __, authority: ___, ...unsigned } = base
  const signed: Statement = { ...unsigned, id, attachments: [signatureAttachment] }

  t.ok(sameSigned(signed, payloadOf({ ...unsigned, id }), '1.0.3'), 'no attachment but the signature')
  t.ok(sameSigned(signed, payloadOf({ ...unsigned, attachments: [] }), '1.0.3'), 'an empty list of attachments')
  t.ok(
    sameSigned(
      { ...signed, attachments: [anAttachment, signatureAttachment] },
      payloadOf({ ...unsigned, attachments: [anAttachment] }),
      '1.0.3'
    ),
    'other attachments were signed'
  )
  t.notOk(
    sameSigned({ ...signed, attachments: [anAttachment, signatureAttachment] }, payloadOf(unsigned), '1.0.3'),
    'an attachment that was not signed'
  )
  t.ok(sameSigned(signed, payloadOf(unsigned), '1.0.3'), 'an id that the payload does not have')
  t.ok(sameSigned(signed, payloadOf({ ...unsigned, id: id.toUpperCase() }), '1.0.3'), 'ids compare without case')
  t.notOk(sameSigned(signed, payloadOf({ ...unsigned, id: anId() }), '1.0.3'), 'ids that do not agree')
  t.notOk(sameSigned(signed, payloadOf({ ...unsigned, actor: withMbox('mallory') }), '1.0.3'), 'another actor')

  const lasting = (duration: string) => ({ ...signed, result: { duration } })
  const cut = payloadOf({ ...unsigned, result: { duration: 'PT0.12S' } })
  t.ok(
    sameSigned(lasting('PT0.1237S'), cut, '2.0.0'),
    'the version of the request decides where the statement is silent'
  )
  t.notOk(sameSigned(lasting('PT0.1237S'), cut, '1.0.3'))
  t.notOk(
    sameSigned({ ...lasting('PT0.1237S'), version: '1.0.0' }, cut, '2.0.0'),
    'the version of the statement goes first'
  )
})

t.test('a payload of any shape is compared without failing', async (t) => {
  const statement: Statement = {
    ...base,
    actor: anonymousGroup(withMbox('a'), withMbox('b')),
    context: { contextActivities: { parent: [anActivity('a')] } }
  }
  const payload: JsonObject = JSON.parse(JSON.stringify(statement))
  t.ok(sameSigned(statement, payload, '1.0.3'))
  for (const odd of [null, 5, 'x', [], {}, [null], [[1], { a: 1 }], { member: 5 }, { contextActivities: null }]) {
    for (const key of ['actor', 'verb', 'object', 'context', 'result', 'timestamp', 'id', 'unknown']) {
      t.notOk(sameSigned(statement, { ...payload, [key]: odd }, '1.0.3'), `${key}: ${JSON.stringify(odd)}`)
    }
    t.doesNotThrow(() => sameSigned(statement, { ...payload, attachments: odd, version: odd, stored: odd }, '1.0.3'))
  }
})
