import t, { type Test } from 'tap'
import type { Statement } from '../../src/xapi/statement.ts'
import { jsonOf } from '../support/answer.ts'
import { forEachBackend } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

import { anActivity, aSubStatement, withMbox } from '../support/statements.ts'

/** As libraries send them to 1.0.3, and as they are given back. */
const iso: Readonly<Record<string, string>> = {
  '2017-04-18T00:00Z': '2017-04-18T00:00:00Z',
  '20090131T230000-0100': '2009-01-31T23:00:00-01:00',
  '2026-01-31T12:00:00,1234567Z': '2026-01-31T12:00:00.1234567Z',
  '2026-01-31T12:00:00+0530': '2026-01-31T12:00:00+05:30',
  '2026-01-31T12:00:00-03': '2026-01-31T12:00:00-03:00',
  '2026-01-31T12:00:00': '2026-01-31T12:00:00Z',
  '2026-W05-6T12+01': '2026-01-31T12:00:00+01:00',
  '2026-031T12:30.5Z': '2026-01-31T12:30:30Z',
  '2026-01-31T24:00Z': '2026-02-01T00:00:00Z',
  '2026-01-31T23:59:59.000+14:00': '2026-01-31T23:59:59.000+14:00',
  '2026-01-31t12:00:00z': '2026-01-31t12:00:00z'
}

/** As 2.0 sends them, and as they are in UTC. */
const utc: Readonly<Record<string, string>> = {
  '2015-01-01T00:00:00+14:00': '2014-12-31T10:00:00Z',
  '2015-01-01T00:00:00.123456789012-03:30': '2015-01-01T03:30:00.123456789012Z',
  '2015-01-01T00:00:00.500+00:00': '2015-01-01T00:00:00.500Z',
  '2017-01-01T00:59:60+01:00': '2016-12-31T23:59:60Z',
  '2015-01-01T00:00:00.10Z': '2015-01-01T00:00:00.10Z'
}

forEachBackend(t, (t, lrs) => {
  const inAndOut = (version: '1.0.3' | '2.0.0', table: Readonly<Record<string, string>>) => async (t: Test) => {
    const asker = lrs.fresh(version)
    const rows = Object.entries(table).map(([timestamp, expected]) => ({
      expected,
      posted: { ...sent({ object: aSubStatement({ timestamp }) }), timestamp },
      put: { ...sent(), timestamp }
    }))
    await asker.store(...rows.map(({ posted }) => posted))
    for (const { put } of rows) {
      const query = { statementId: put.id }
      t.equal((await asker.send('PUT', '/xAPI/statements', { query, body: put })).status, 204, put.timestamp)
    }
    const { statements } = jsonOf(await asker.get())
    const back = new Map<string, Statement>(statements.map((each: Statement) => [each.id, each]))
    for (const { posted, put, expected } of rows) {
      t.equal(back.get(posted.id)?.timestamp, expected, posted.timestamp)
      t.match(back.get(posted.id)?.object, { timestamp: expected }, `${posted.timestamp} of a SubStatement`)
      t.equal(back.get(put.id)?.timestamp, expected, `PUT of ${put.timestamp}`)
      const another = { ...posted, timestamp: '2001-01-01T00:00:00Z' }
      t.equal((await asker.post(another)).status, 409, 'another instant is another statement')
    }
    await asker.store(...rows.map(({ posted }) => posted))
    await asker.store(...rows.map(({ posted, expected }) => ({ ...posted, timestamp: expected })))
  }
  t.test('ruling 17: 1.0.3 takes all of ISO 8601, and gives it back as of RFC 3339', inAndOut('1.0.3', iso))
  t.test('ruling 17: what came by 2.0 is in UTC, digits kept', inAndOut('2.0.0', utc))

  t.test('ruling 17: 2.0 takes what is of RFC 3339 only, by the version of the request', async (t) => {
    const asker = lrs.fresh('2.0.0')
    for (const timestamp of Object.keys(iso)) {
      const isRfc = /^\d{4}-\d\d-\d\d[tT]\d\d:\d\d:\d\d(\.\d+)?(z|Z|[+-]\d\d:\d\d)$/.test(timestamp)
      t.equal((await asker.post({ ...sent(), timestamp })).status, isRfc ? 200 : 400, timestamp)
      const inside = sent({ object: aSubStatement({ timestamp }) })
      t.equal((await asker.post(inside)).status, isRfc ? 200 : 400, `${timestamp} in a SubStatement`)
    }
    const [old] = await asker.store({ ...sent(), timestamp: '2015-01-01T00:00:00+14:00', version: '1.0.3' })
    t.equal((await asker.read(old)).timestamp, '2014-12-31T10:00:00Z')
    const [kept] = await asker.speaking('1.0.3').store({ ...sent(), timestamp: '2015-01-01T00:00:00+14:00' })
    t.equal((await asker.read(kept)).timestamp, '2015-01-01T00:00:00+14:00', 'no reader changes it')
  })

  t.test('ruling 17: nothing else of the text changes', async (t) => {
    const asker = lrs.fresh('2.0.0')
    const { id } = sent()
    const text =
      `{ "verb":{"id":"http://example.org/v"}, "timestamp" : "2015-01-01T02:00:00.10+02:00", "id":"${id}",` +
      `"actor":{"mbox":"mailto:a@b.c"},"object":{"id":"http://example.org/a"},` +
      `"result":{"score":{"raw":1.50},"extensions":{"http://example.org/timestamp":{"timestamp":"2015-01-01T02:00:00+02:00"}}}}`
    const headers = { 'content-type': 'application/json' }
    t.equal((await asker.post(text, { headers })).status, 200)
    const back = jsonOf(await asker.get({ statementId: id }))
    const { authority: _, stored: __, version: ___, ...rest } = back
    t.same(rest, { ...JSON.parse(text), timestamp: '2015-01-01T00:00:00.10Z' })
  })

  t.test('ruling 6: `since` and `until` take a date alone, and all of ISO 8601', async (t) => {
    const asker = lrs.fresh()
    const all = await asker.store(sent(), sent())
    for (const past of ['2020-01-01', '20200101', '2020-W01-1', '2020-001', '2020-01-01T00Z', '20200101T000000+0100']) {
      t.equal((await asker.list({ since: past })).length, all.length, past)
      t.same(await asker.list({ until: past }), [], past)
    }
    for (const future of ['2100-01-01', '21000101T00Z']) {
      t.same(await asker.list({ since: future }), [])
      t.equal((await asker.list({ until: future })).length, all.length)
    }
    for (const none of ['2020', '2020-01', '2020-02-30', '20200230', '1767225600', '2020-01-01Z', 'today', '-']) {
      t.equal((await asker.get({ since: none })).status, 400, none)
    }
    const scope = { activityId: anActivity('a').id, agent: withMbox('a') }
    await asker.send('PUT', '/xAPI/activities/state', { query: { ...scope, stateId: 's' }, body: {} })
    const since = async (date: string) =>
      jsonOf(await asker.send('GET', '/xAPI/activities/state', { query: { ...scope, since: date } }))
    t.same(await since('2020-01-01'), ['s'])
    t.same(await since('2100-01-01'), [])
  })
})
