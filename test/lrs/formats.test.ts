import t from 'tap'
import type { Statement } from '../../src/xapi/statement.ts'
import { jsonOf, textOf } from '../support/answer.ts'
import { basic, type Client, forEachBackend, type Lrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import {
  anActivity,
  anId,
  anonymousGroup,
  aSubStatement,
  aVerb,
  identifiedGroup,
  withAccount,
  withMbox
} from '../support/statements.ts'

const described = { name: { en: 'A course', de: 'Ein Kurs' }, type: 'https://example.org/type/course' }
const named = { objectType: 'Agent', ...withMbox('alice'), name: 'Alice' } as const
const verb = { ...aVerb('read'), display: { en: 'read', de: 'las' } }

const withoutAssigned = ({ stored: _, authority: __, timestamp: ___, version: ____, ...rest }: Statement) => rest

/** fetch adds an Accept-Language of its own; a socket does not. */
const readWithoutLanguage = async (lrs: Lrs, { username }: Client, id: string): Promise<Statement> => {
  const path = `/xAPI/statements?statementId=${id}&format=canonical`
  const head = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${basic(username)}\r\n\r\n`
  return jsonOf(await lrs.raw(path, 'GET', Buffer.from(head)))
}

forEachBackend(t, (t, lrs) => {
  t.test('ruling 11: `ids` leaves only what identifies, everywhere', async (t) => {
    const asker = lrs.fresh('2.0.0')
    const group = identifiedGroup(withAccount('class'), named)
    const nameless = { ...anonymousGroup(named, { ...withMbox('bob'), name: 'Bob' }), name: 'Pair' }
    const course = anActivity('course', described)
    const statement = sent({
      actor: nameless,
      verb,
      object: aSubStatement({ actor: group, verb, object: { ...course, objectType: 'Activity' } }),
      context: {
        registration: anId(),
        instructor: named,
        team: group,
        contextActivities: { parent: [course], other: [course] },
        contextAgents: [{ objectType: 'contextAgent', agent: named, relevantTypes: ['https://example.org/type'] }],
        contextGroups: [{ objectType: 'contextGroup', group }],
        extensions: { 'https://example.org/e': { name: 'kept', display: { en: 'kept' } } }
      }
    })
    const [id] = await asker.store(statement)
    const found = await asker.read(id, { format: 'ids' })
    const alice = withMbox('alice')
    const bareGroup = { objectType: 'Group', ...withAccount('class') }
    t.same(found.actor, { objectType: 'Group', member: [alice, withMbox('bob')] })
    t.same(found.verb, { id: verb.id })
    t.same(found.object, {
      objectType: 'SubStatement',
      actor: bareGroup,
      verb: { id: verb.id },
      object: { id: course.id }
    })
    t.same(found.context, {
      ...statement.context,
      instructor: alice,
      team: bareGroup,
      contextActivities: { parent: [{ id: course.id }], other: [{ id: course.id }] },
      contextAgents: [{ objectType: 'contextAgent', agent: alice, relevantTypes: ['https://example.org/type'] }],
      contextGroups: [{ objectType: 'contextGroup', group: bareGroup }]
    })
    t.same(found.authority, { mbox: `mailto:${asker.username}@example.org` })
    const agent = await asker.store(sent({ object: named }))
    t.same(
      (await asker.read(agent[0], { format: 'ids' })).object,
      { objectType: 'Agent', ...alice },
      'still no Activity'
    )
  })

  t.test('ruling 12: `canonical` merges definitions and displays over all statements', async (t) => {
    const asker = lrs.fresh()
    const one = sent({
      verb: { ...aVerb('read'), display: { en: 'read' } },
      object: anActivity('course', { name: { en: 'A course' } })
    })
    const other = sent({
      verb: { ...aVerb('read'), display: { de: 'las' } },
      object: anActivity('course', { name: { de: 'Ein Kurs' }, type: described.type })
    })
    const course = anActivity('course')
    const bare = sent({ verb: aVerb('read'), object: course })
    await asker.store(one)
    await asker.store(other)
    await asker.store(bare)
    const inGerman = { query: { statementId: bare.id, format: 'canonical' }, headers: { 'accept-language': 'de' } }
    const { object, verb } = jsonOf(await asker.send('GET', '/xAPI/statements', inGerman))
    t.same(object.definition, { name: { de: 'Ein Kurs' }, type: described.type })
    t.same(verb.display, { de: 'las' })
    const activity = jsonOf(await asker.send('GET', '/xAPI/activities', { query: { activityId: course.id } }))
    t.same(activity, {
      objectType: 'Activity',
      id: course.id,
      definition: { name: { en: 'A course', de: 'Ein Kurs' }, type: described.type }
    })
    t.same(withoutAssigned(await asker.read(bare.id)), bare, '`exact` adds nothing')
  })

  t.test('ruling 12: one language in each map, by Accept-Language with q-values', async (t) => {
    const asker = lrs.fresh()
    const map = { 'en-GB': 'colour', fr: 'couleur', de: 'Farbe' }
    const statement = sent({ actor: named, object: anActivity('colour', { name: map }) })
    await asker.store(statement)
    const pickedBy = async (header: string): Promise<string> => {
      const answer = await asker.get(
        { statementId: statement.id, format: 'canonical' },
        { headers: { 'accept-language': header } }
      )
      const { actor, object } = jsonOf(answer)
      t.same(actor, named, 'Agents as in `exact`')
      return Object.keys(object.definition.name).join()
    }
    const expected: Readonly<Record<string, string>> = {
      fr: 'fr',
      'FR-ca': 'fr',
      'en-gb': 'en-GB',
      en: 'en-GB',
      'de;q=0.5, fr;q=0.7': 'fr',
      'fr;q=0.7, de': 'de',
      'en;q=0, *': 'fr',
      'en-GB;q=0, fr;q=0, de;q=0.001': 'de',
      ja: 'en-GB',
      '*;q=0': 'en-GB',
      'ja, en-GB;q=0': 'fr',
      '': 'en-GB',
      '!!! ; q=x, de': 'de',
      [`${'x,'.repeat(3000)}de`]: 'en-GB'
    }
    for (const [header, language] of Object.entries(expected))
      t.equal(await pickedBy(header), language, header.slice(0, 40))
    const { object } = await readWithoutLanguage(lrs, asker, statement.id)
    t.same(object, { ...statement.object, definition: { name: { 'en-GB': 'colour' } } }, 'without a header')
  })

  t.test('ruling 12: in descriptions of choices, scale, source, target and steps too', async (t) => {
    const asker = lrs.fresh()
    const component = (id: string) => ({ id, description: { en: `${id} in English`, de: `${id} auf Deutsch` } })
    const german = (id: string) => ({ id, description: { de: `${id} auf Deutsch` } })
    const interactions = [
      ['choice', ['choices']],
      ['likert', ['scale']],
      ['matching', ['source', 'target']],
      ['performance', ['steps']]
    ] as const
    for (const [interactionType, lists] of interactions) {
      const components = Object.fromEntries(lists.map((list) => [list, [component('a'), component('b'), { id: 'c' }]]))
      const statement = sent({
        object: anActivity(interactionType, { interactionType, description: { en: 'a', de: 'b' }, ...components })
      })
      await asker.store(statement)
      const answer = await asker.get(
        { statementId: statement.id, format: 'canonical' },
        { headers: { 'accept-language': 'de' } }
      )
      t.same(jsonOf(answer).object.definition, {
        interactionType,
        description: { de: 'b' },
        ...Object.fromEntries(lists.map((list) => [list, [german('a'), german('b'), { id: 'c' }]]))
      })
    }
  })

  t.test('ruling 13: `exact` is what was sent: extensions, numbers, key order and text of any script', async (t) => {
    const asker = lrs.fresh()
    const id = anId()
    const text =
      `{"timestamp":"2026-11-21T09:00:00.10+01:00","verb":{"display":{"en":"read"},"id":"${verb.id}"},"id":"${id}",` +
      `"actor":{"mbox":"mailto:alice@example.org"},"object":{"id":"https://course.example.org/1"},` +
      `"result":{"score":{"raw":1.0,"max":1e2,"min":-0},"extensions":{"https://example.org/b":null,` +
      `"https://example.org/a":[],"https://example.org/c":{},"https://example.org/d":12345678901234567890.123456789,` +
      `"https://example.org/e":"\\u00e9\\ud83d\\ude00 😀 漢字 \\u0000 \\/ עברית","https://example.org/f":{"__proto__":{"a":1},` +
      `"constructor":[[[]]],"$gt":"","a.b":1,"":2},"https://example.org/g":1E+40}}}`
    const answer = await asker.post(text, { headers: { 'content-type': 'application/json' } })
    t.equal(answer.status, 200, textOf(answer))
    const found = await asker.get({ statementId: id })
    const head = text.slice(0, -1)
    t.equal(textOf(found).slice(0, head.length), head)
    t.match(
      textOf(found).slice(head.length),
      /^,"authority":\{[^}]+\},"version":"1\.0\.0","stored":"[^"]+"\}$/,
      'only what the server assigns comes behind it'
    )
    const list = textOf(await asker.get({}))
    t.ok(list.includes(head), 'in a list too')
  })

  t.test('numbers are as they were sent in `ids` and `canonical`, too', async (t) => {
    const asker = lrs.fresh()
    const id = anId()
    const result =
      '"result":{"score":{"raw":1.0,"max":1e2,"min":-0},"extensions":{"https://example.org/d":12345678901234567890.1}}'
    const text = `${JSON.stringify(sent({ id })).slice(0, -1)},${result}}`
    t.equal((await asker.post(text, { headers: { 'content-type': 'application/json' } })).status, 200)
    for (const format of ['ids', 'canonical']) {
      t.ok(textOf(await asker.get({ statementId: id, format })).includes(result), format)
    }
  })

  t.test('ruling 13: a single contextActivities value becomes an array of one, in a SubStatement too', async (t) => {
    const asker = lrs.fresh()
    const single = {
      contextActivities: { parent: anActivity('a'), other: anActivity('b'), category: [anActivity('c')] }
    }
    const statement = sent({ context: single, object: aSubStatement({ context: single }) })
    await asker.store(statement)
    const many = {
      contextActivities: { parent: [anActivity('a')], other: [anActivity('b')], category: [anActivity('c')] }
    }
    t.same(withoutAssigned(await asker.read(statement.id)), {
      ...statement,
      context: many,
      object: aSubStatement({ context: many })
    })
  })

  t.test('ruling 13: Accept-Language has no effect on `exact`, nor on `ids`', async (t) => {
    const asker = lrs.fresh()
    const statement = sent({ verb, object: anActivity('course', described) })
    await asker.store(statement)
    for (const format of ['exact', 'ids']) {
      const [german, french] = await Promise.all(
        ['de', 'fr'].map((language) =>
          asker.get({ statementId: statement.id, format }, { headers: { 'accept-language': language } })
        )
      )
      t.equal(german && textOf(german), french && textOf(french), format)
    }
    t.same(withoutAssigned(await asker.read(statement.id)), statement)
  })
})
