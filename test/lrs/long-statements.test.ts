import t from 'tap'
import { jsonOf, textOf } from '../support/answer.ts'
import { forEachBackend } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { anActivity, anId } from '../support/statements.ts'

/** Of long statements only one at a time is kept parsed: nothing of them may be lost by that. */

const key = 'https://example.org/e'
const json = { 'content-type': 'application/json' }
const long = `[1.0,"${'x'.repeat(100_000)}",12345678901234567890]`

/** With the same JSON text as an extension wherever there can be one, and as single activities of a context. */
const longStatement = (id: string, value: string): string => {
  const part = { extensions: { [key]: '@' } }
  const context = { ...part, contextActivities: { parent: anActivity('parent') } }
  const activity = { ...anActivity(`long-${id}`), definition: part }
  const object = {
    objectType: 'SubStatement',
    actor: { mbox: 'mailto:a@example.org' },
    verb: { id: 'https://example.org/v' },
    object: activity,
    result: part,
    context
  }
  const statement = sent({ id, result: part, context: { ...context, registration: anId() } })
  return JSON.stringify({ ...statement, object, stored: '2020-01-01T00:00:00Z' }).replaceAll('"@"', () => value)
}

forEachBackend(t, (t, lrs) => {
  t.test('long statements come back as they were sent, in the order in which they were sent', async (t) => {
    const asker = lrs.fresh()
    const ids = [anId(), anId(), anId()]
    const texts = ids.map((id) => longStatement(id, long))
    t.same(jsonOf(await asker.post(`[${texts.join()}]`, { headers: json })), ids)
    t.same(await asker.list(), ids.toReversed())
    for (const id of ids) {
      const text = textOf(await asker.get({ statementId: id }))
      t.equal(text.split(`"${key}":${long}`).length, 6, 'every extension')
      t.match(JSON.parse(text), { object: { context: { contextActivities: { parent: [{}] } } } })
      t.notMatch(text, '2020-01-01', 'stored is when it was stored')
    }
  })

  t.test('a long statement is compared as a whole with the one that is there', async (t) => {
    const asker = lrs.fresh()
    const id = anId()
    const text = longStatement(id, long)
    t.equal((await asker.post(text, { headers: json })).status, 200)
    t.equal((await asker.post(text, { headers: json })).status, 200, 'the same')
    const other = text.replaceAll('xxx"', 'xxy"')
    t.equal((await asker.post(other, { headers: json })).status, 409, 'another extension')
    const put = { headers: json, query: { statementId: id } }
    t.equal((await asker.send('PUT', '/xAPI/statements', { ...put, body: text })).status, 204)
    t.equal((await asker.send('PUT', '/xAPI/statements', { ...put, body: other })).status, 409)
  })

  t.test('what the definitions of a long statement say is learned', async (t) => {
    const asker = lrs.fresh()
    const activity = anActivity(`taught-${anId()}`)
    const body = JSON.stringify(
      sent({ object: { ...activity, definition: { extensions: { [key]: 'x'.repeat(100_000) } } } })
    )
    t.equal((await asker.post(body, { headers: json })).status, 200)
    const { definition } = jsonOf(await asker.send('GET', '/xAPI/activities', { query: { activityId: activity.id } }))
    t.equal(definition.extensions[key].length, 100_000)
  })
})
