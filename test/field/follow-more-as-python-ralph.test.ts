import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { type Client, forEachBackend, idsIn, startLrs } from '../support/lrs.ts'
import { password } from '../support/lrs-users.ts'
import { sent } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

type Query = Record<string, string>

/** Python Ralph adds `more` to the parameters of its first request, and replaces it from page to page. */
const readAll = async (asker: Client, first: Query): Promise<string[]> => {
  const ids: string[] = []
  const query = { ...first }
  for (;;) {
    const answer = await asker.get(query)
    if (answer.status !== 200) throw new Error(`${answer.status}: ${answer.body}`)
    ids.push(...idsIn(answer))
    const { more } = jsonOf(answer)
    if (more === '') return ids
    query.more = new URL(more, 'http://a').searchParams.get('more') ?? ''
  }
}

forEachBackend(t, (t, lrs) => {
  t.test('ruling 8: what is asked again beside `more` reads all pages to their end', async (t) => {
    const asker = lrs.fresh()
    const actor = withMbox('learner')
    const object = anActivity('a')
    const wanted = Array.from({ length: 23 }, () => sent({ actor, object }))
    await asker.store(...wanted, ...Array.from({ length: 9 }, () => sent()))
    const ids = wanted.map(({ id }) => id)
    const agent = JSON.stringify(actor)
    const query = { limit: '5', agent, activity: object.id, since: '2020-01-01T00:00:00Z', format: 'ids' }
    t.same(await readAll(asker, { ...query, ascending: 'true' }), ids)
    t.same(await readAll(asker, { ...query, ascending: 'False', mine: '1' }), ids.toReversed())
    t.same(await readAll(asker, { agent, limit: '10' }), ids.toReversed())
  })
})

t.test('ruling 8: beside `more` only what the link asks is accepted, however it is written', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const actor = withMbox('learner')
  await asker.store(...Array.from({ length: 5 }, () => sent({ actor })))
  const first = { limit: '2', agent: JSON.stringify(actor), until: '2100-01-01T00:00:00Z', related_agents: 'true' }
  const { more } = jsonOf(await asker.get(first))
  const cursor = new URL(more, 'http://a').searchParams.get('more') ?? ''
  const page = idsIn(await asker.send('GET', more))
  t.equal(page.length, 2)
  const same: readonly Query[] = [
    first,
    { limit: '2' },
    { limit: '02', related_agents: 'True' },
    { agent: JSON.stringify({ objectType: 'Agent', name: 'Learner', ...actor }) },
    { until: '2100-01-01T01:00:00+01:00' },
    { ascending: 'false', format: 'exact', attachments: '0', related_activities: 'false', mine: 'false' }
  ]
  for (const query of same) {
    const answer = await asker.get({ ...query, more: cursor })
    t.equal(answer.status, 200, JSON.stringify(query))
    t.same(idsIn(answer), page)
  }
  const others: readonly (readonly [name: string, value: string])[] = [
    ['limit', '3'],
    ['limit', 'x'],
    ['agent', JSON.stringify(withMbox('other'))],
    ['verb', 'http://example.org/verb'],
    ['since', '2020-01-01T00:00:00Z'],
    ['until', '2100-01-01T00:00:00.000001Z'],
    ['related_agents', 'false'],
    ['ascending', 'true'],
    ['attachments', 'true'],
    ['format', 'ids'],
    ['mine', 'true'],
    ['registration', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
    ['statementId', '6ba7b810-9dad-11d1-80b4-00c04fd430c8'],
    ['voidedStatementId', 'x']
  ]
  for (const [name, value] of others) {
    const answer = await asker.get({ ...first, [name]: value, more: cursor })
    t.equal(answer.status, 400, `${name}=${value}`)
    t.match(jsonOf(answer), { error: 'INVALID_PARAMETER', parameter: name })
  }
  const { expected, received } = jsonOf(await asker.get({ more: cursor, limit: '3' }))
  t.same({ expected, received }, { expected: '2', received: '3' })
  t.equal((await asker.send('GET', `/xAPI/statements?more=${cursor}&more=${cursor}`)).status, 400)
})

const pythonRalph = process.env.RALPH_TEST_PYTHON_RALPH
const skip = pythonRalph === undefined && 'RALPH_TEST_PYTHON_RALPH names no Python Ralph (path of its `ralph`)'

t.test('Python Ralph itself reads 2,000 statements of 2,000, in pages of 100', { skip }, async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.as('janedoe')
  const ids: string[] = []
  for (let batch = 0; batch < 4; batch += 1)
    ids.push(...(await asker.store(...Array.from({ length: 500 }, () => sent()))))
  for (const backend of ['lrs', 'async_lrs']) {
    const option = (name: string, value: string) => [`--${backend.replace('_', '-')}-${name}`, value]
    const { stdout } = await promisify(execFile)(
      pythonRalph ?? '',
      [
        ...['read', '-b', backend],
        ...option('base-url', `http://127.0.0.1:${lrs.port}`),
        ...option('username', asker.username),
        ...option('password', password),
        ...option('read-chunk-size', '100')
      ],
      { maxBuffer: 2 ** 26 }
    )
    const read = stdout
      .trim()
      .split('\n')
      .map((line): string => JSON.parse(line).id)
    t.same(read, ids.toReversed(), backend)
  }
})
