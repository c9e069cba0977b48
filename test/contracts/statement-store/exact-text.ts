import type { Test } from 'tap'
import { anId, incomingText } from '../../support/statements.ts'
import type { Suite } from '../open-backend.ts'

const withMembers = (members: string): string =>
  `{"verb":{"id":"https://verb.example.org/did"},"actor":{"mbox":"mailto:somebody@example.org"},` +
  `"id":"${anId()}","object":{"id":"https://course.example.org/something"},"timestamp":"2026-11-21T08:00:00.000Z"${members}}`

const withExtensions = (json: string): string =>
  withMembers(`,"context":{"extensions":{"https://x.example.org/":${json}}}`)

const deep = (levels: number): string => `${'{"a":['.repeat(levels)}1${']}'.repeat(levels)}`

const texts: Readonly<Record<string, string>> = {
  'the order of its keys': withMembers(',"version":"1.0.3","result":{"success":true,"completion":false}'),
  'white space between its tokens': withMembers(' , "result" :\t{ "response" : "a  b" }'),
  'numbers as they were written': withExtensions(
    '[1.0,1.10,-0,-0.0,1e2,1E+2,1e400,-1e400,1e-400,12345678901234567890,0.1000000000000000055511151231257827]'
  ),
  'scores as they were written': withMembers(',"result":{"score":{"scaled":1.0,"raw":1e1,"min":0.00,"max":100.000}}'),
  'text of any script': withExtensions(
    '"é è ñ ß 你好 こんにちは 안녕 שלום مرحبا हिन्दी ไทย 🙂 👩‍👩‍👧‍👦 e\u0301 \u{10FFFF} \u2028 \u2029 \ufeff \u0085 ÿ"'
  ),
  'escapes as they were written': withExtensions(
    '"\\u00e9 \\uD83D\\uDE42 \\/ \\b\\f\\n\\r\\t \\u0000 \\u2028 \\\\ \\""'
  ),
  'control characters and quotes of other languages': withExtensions(`"\u007f ' '' \`\` $1 %s \\\\N ; -- /* */ ?"`),
  'null, empty lists and empty objects in extensions': withExtensions('{"null":null,"list":[],"object":{},"text":""}'),
  'keys with dots, dollars, brackets and nothing at all': withMembers(
    ',"context":{"extensions":{"https://a.b.c/d.e?$f=[0]#g":{"$set":{"a.b":1},"":2,"$":3,".":4,"a[0]":5,"_id":6}}}'
  ),
  'keys that are special in JavaScript': withExtensions(
    '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},"toString":"x","length":0}'
  ),
  'deep extensions': withExtensions(deep(50)),
  'booleans beside their spelling': withExtensions('[true,"true",false,"false",0,"0",1,"1"]'),
  'dates that it has nothing to do with': withExtensions('"2026-02-30T25:61:61Z"'),
  'a long text': withExtensions(`"${'Ω€𐍈'.repeat(100_000)}"`)
}

export const exactTextContract = (t: Test, suite: Suite): void => {
  for (const [what, text] of Object.entries(texts)) {
    t.test(`a statement is given back with ${what}`, async (t) => {
      const { statements } = await suite.fresh()
      const statement = incomingText(text)
      await statements.insert({ statements: [statement], attachments: [], define: true })
      const found = await statements.find(statement.id, { voided: false })
      const page = await statements.query({ ascending: false, limit: 10 })
      const expected = statement.textAt(String(JSON.parse(found?.text ?? '{}').stored))
      if (expected.length > 10_000) {
        t.ok(found?.text === expected && page.statements[0]?.text === expected, 'the same text')
      } else {
        t.equal(found?.text, expected)
        t.same(page.statements, [found])
      }
      t.equal(Object.hasOwn(Object.prototype, 'polluted'), false)
    })
  }

  t.test('texts of very different lengths in one batch do not run into each other', async (t) => {
    const { statements } = await suite.fresh()
    const batch = [1, 100_000, 3, 0, 70_000, 2].map((length) => incomingText(withExtensions(`"${'é'.repeat(length)}"`)))
    await statements.insert({ statements: batch, attachments: [], define: true })
    const { statements: found } = await statements.query({ ascending: true, limit: 10 })
    t.equal(found.length, batch.length)
    for (const [index, statement] of batch.entries()) {
      const text = found[index]?.text ?? '{}'
      t.ok(text === statement.textAt(String(JSON.parse(text).stored)), `text ${index} is whole`)
    }
  })
}
