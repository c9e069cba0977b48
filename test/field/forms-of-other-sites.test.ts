import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { basic, startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const allowed = 'https://lms.example.org'
const formType = { 'content-type': 'application/x-www-form-urlencoded', 'x-experience-api-version': undefined }

t.test('field B11: a form of another site stores nothing with credentials that the browser keeps', async (t) => {
  const lrs = await startLrs(t, { settings: { corsAllowOrigins: [allowed] } })
  const asker = lrs.as('janedoe')
  const own = `http://127.0.0.1:${lrs.port}`
  const sites: readonly (readonly [string, Record<string, string>, number])[] = [
    ['a cross-site form', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    ['a form of a sibling', { 'sec-fetch-site': 'same-site', origin: 'http://127.0.0.1:1' }, 403],
    ['a browser that says the origin alone', { origin: 'https://evil.example' }, 403],
    ['a page without origin', { 'sec-fetch-site': 'cross-site', origin: 'null' }, 403],
    ['the same, said by the origin alone', { origin: 'null' }, 403],
    ['an origin that is allowed', { 'sec-fetch-site': 'cross-site', origin: allowed }, 200],
    ['our own page', { 'sec-fetch-site': 'same-origin', origin: own }, 200],
    ['our own page, by its origin alone', { origin: own }, 200],
    ['no browser', {}, 200]
  ]
  for (const [what, headers, status] of sites) {
    const fields = { content: JSON.stringify(sent()) }
    const body = new URLSearchParams(fields).toString()
    const answer = await asker.send('POST', '/xAPI/statements?method=POST', {
      headers: { ...formType, ...headers },
      body
    })
    t.equal(answer.status, status, what)
    if (status === 403) {
      t.match(jsonOf(answer), { error: 'FORBIDDEN', setting: 'RALPH_RUNSERVER_CORS_ALLOW_ORIGINS' }, what)
    }
    const document = { activityId: anActivity('a').id, agent: withMbox('alice'), stateId: what }
    const query = new URLSearchParams(
      Object.entries(document).map(([name, value]): [string, string] => [
        name,
        typeof value === 'string' ? value : JSON.stringify(value)
      ])
    )
    const state = await asker.send('POST', `/xAPI/activities/state?${query}`, {
      headers: { ...formType, ...headers, 'content-type': 'text/plain' },
      body: 'text'
    })
    t.equal(state.status, status === 200 ? 204 : 403, `a document: ${what}`)
  }
  t.equal((await asker.list()).length, 4, 'nothing of what was refused')
})

t.test(
  'credentials in the form, or a request that browsers ask permission for, come from wherever they like',
  async (t) => {
    const lrs = await startLrs(t)
    const elsewhere = { 'sec-fetch-site': 'cross-site', origin: 'https://content.example.org' }
    const fields = { content: JSON.stringify(sent()), Authorization: basic('janedoe') }
    const form = await lrs.as('janedoe').send('POST', '/xAPI/statements?method=POST', {
      headers: { ...formType, ...elsewhere },
      body: new URLSearchParams(fields).toString()
    })
    t.equal(form.status, 200)
    t.equal((await lrs.as('janedoe').post(sent(), { headers: elsewhere })).status, 200)
  }
)

t.test('who is not known is 401, wherever the page is from', async (t) => {
  const lrs = await startLrs(t)
  const answer = await lrs.as('janedoe').send('POST', '/xAPI/statements?method=POST', {
    headers: { ...formType, authorization: undefined, 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
    body: new URLSearchParams({ content: '{}' }).toString()
  })
  t.equal(answer.status, 401)
})
