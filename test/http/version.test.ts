import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { basic, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

const version = 'x-experience-api-version'

t.test(
  'Communication §3.3: a request is served in the version it names, by the latest patch of its line',
  async (t) => {
    const asker = (await startLrs(t)).as('janedoe')
    const served: Readonly<Record<string, string>> = {
      '1.0': '1.0.3',
      '1.0.0': '1.0.3',
      '1.0.1': '1.0.3',
      '1.0.2': '1.0.3',
      '1.0.3': '1.0.3',
      '1.0.9': '1.0.3',
      '2.0': '2.0.0',
      '2.0.0': '2.0.0',
      '2.0.1': '2.0.0'
    }
    for (const [asked, answered] of Object.entries(served)) {
      const answer = await asker.speaking(asked).get()
      t.equal(answer.status, 200, asked)
      t.equal(answer.headers.get(version), answered, asked)
    }
  }
)

t.test('Communication §3.3: a version that is not spoken is 400, says which are, and stores nothing', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const wrong = [
    '0.95',
    '0.9',
    '1',
    '1.1.0',
    '1.00.3',
    '3.0.0',
    '2',
    '2.1',
    '-1.0.3',
    'latest',
    '',
    '1.0.3, 2.0.0',
    '1.0.3;q=1',
    '__proto__',
    '1'.repeat(5000)
  ]
  for (const each of wrong) {
    const answer = await asker.speaking(each).post(sent())
    t.equal(answer.status, 400, each.slice(0, 20))
    t.equal(jsonOf(answer).error, 'INVALID_VERSION')
    t.same(jsonOf(answer).supported, ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '2.0.0'])
  }
  const twice = `GET /xAPI/statements HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAuthorization: ${basic('janedoe')}\r\n${version}: 1.0.3\r\n${version}: 2.0.0\r\n\r\n`
  t.equal((await lrs.raw('/xAPI/statements', 'GET', twice)).status, 400, 'two versions')
  t.same(await asker.list(), [])
})

t.test('without the header a request is served in RALPH_LRS_DEFAULT_VERSION', async (t) => {
  const statement = { ...sent(), context: { contextAgents: [] } }
  for (const [defaultVersion, status] of [
    ['1.0.3', 400],
    ['2.0.0', 200]
  ] as const) {
    const asker = (await startLrs(t, { settings: { defaultVersion } })).as('janedoe').speaking(null)
    const answer = await asker.post(statement)
    t.equal(answer.headers.get(version), defaultVersion)
    t.equal(answer.status, status, 'contextAgents are of 2.0')
    t.equal((await asker.send('GET', '/nothing')).headers.get(version), defaultVersion)
  }
})

t.test('with RALPH_LRS_REQUIRE_VERSION_HEADER a request without it is 400', async (t) => {
  const lrs = await startLrs(t, { settings: { requireVersionHeader: true } })
  const asker = lrs.as('janedoe').speaking(null)
  for (const path of ['/xAPI/statements', '/xAPI/agents', '/xAPI/activities/state']) {
    const answer = await asker.send('GET', path)
    t.equal(answer.status, 400, path)
    t.equal(jsonOf(answer).error, 'INVALID_VERSION', path)
    t.equal(answer.headers.get(version), '1.0.3', path)
  }
  for (const path of ['/xAPI/about', '/whoami', '/__heartbeat__', '/__lbheartbeat__', '/openapi.json']) {
    t.equal((await asker.send('GET', path)).status, 200, path)
  }
  t.equal((await lrs.as('janedoe').get()).status, 200)
})

t.test('ruling 24: /about answers whatever version is sent, and whoever asks', async (t) => {
  for (const requireVersionHeader of [false, true]) {
    const lrs = await startLrs(t, { settings: { requireVersionHeader } })
    for (const each of ['1.0.3', '2.0.0', '0.8', 'x', '', null]) {
      const answer = await lrs
        .as('janedoe')
        .speaking(each)
        .send('GET', '/xAPI/about', { headers: { authorization: undefined } })
      t.equal(answer.status, 200, String(each))
      t.same(jsonOf(answer).version, ['1.0.0', '1.0.1', '1.0.2', '1.0.3', '2.0.0'])
    }
  }
})
