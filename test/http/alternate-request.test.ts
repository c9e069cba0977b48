import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { basic, type Client, startLrs } from '../support/lrs.ts'
import { withMbox } from '../support/statements.ts'

const form = { 'content-type': 'application/x-www-form-urlencoded' }
const anonymous = { ...form, authorization: undefined, 'x-experience-api-version': undefined }

const state = (content: string): string =>
  `${new URLSearchParams({
    activityId: 'https://course.example.org/one',
    agent: JSON.stringify(withMbox('learner')),
    stateId: 'bookmark',
    Authorization: basic('janedoe'),
    'X-Experience-API-Version': '1.0.3',
    'Content-Type': 'text/plain'
  }).toString()}&content=${content}`

const read = async (asker: Client): Promise<string> => {
  const query = {
    activityId: 'https://course.example.org/one',
    agent: withMbox('learner'),
    stateId: 'bookmark'
  }
  return (await asker.send('GET', '/xAPI/activities/state', { query })).body.toString()
}

t.test('Communication §1.3: in a form + is a space, and %2B a plus', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const request = { headers: anonymous, body: state('a+b%2Bc%20d') }
  t.equal((await asker.send('POST', '/xAPI/activities/state?method=PUT', request)).status, 204)
  t.equal(await read(asker), 'a b+c d')
})

t.test('a form that is not UTF-8 is 400 and stores nothing', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const body = Buffer.concat([Buffer.from(state('')), Buffer.from([0xff, 0xfe])])
  const answer = await asker.send('POST', '/xAPI/activities/state?method=PUT', { headers: anonymous, body })
  t.equal(answer.status, 400)
  t.equal(jsonOf(answer).error, 'MALFORMED_REQUEST')
  t.match(await read(asker), 'NOT_FOUND')
})

t.test('a form of nobody known does not keep the server busy, however many fields it has', async (t) => {
  const asker = (await startLrs(t)).as('janedoe')
  const forms: Readonly<Record<string, string>> = {
    'no names at all': '&'.repeat(4_000_000),
    'names of their own': Array.from({ length: 800_000 }, (_, index) => index.toString(36)).join('&')
  }
  for (const [what, body] of Object.entries(forms)) {
    const answer = await asker.send('POST', '/xAPI/statements?method=GET', { headers: anonymous, body })
    t.equal(answer.status, 400, what)
    t.equal(jsonOf(answer).error, 'INVALID_PARAMETER', what)
  }
})

t.test('what nobody known should make the server keep is refused before it is read', async (t) => {
  const lrs = await startLrs(t)
  const type = 'Content-Type: application/x-www-form-urlencoded\r\n'
  const chunked = 'Transfer-Encoding: chunked\r\n\r\n400001\r\n'
  const refusals: Readonly<Record<string, readonly [headers: string, error: string]>> = {
    'a compressed form': [`${type}Content-Encoding: gzip\r\nContent-Length: 100\r\n`, 'MALFORMED_REQUEST'],
    'a long form': [`${type}Content-Length: 4194305\r\n`, 'BODY_TOO_LARGE'],
    'a long form that does not say so': [`${type}${chunked}${'x'.repeat(4_194_305)}`, 'BODY_TOO_LARGE']
  }
  for (const [what, [headers, error]] of Object.entries(refusals)) {
    // The body never comes: an answer that waits for it never comes either.
    const head = `POST /xAPI/statements?method=POST HTTP/1.1\r\nHost: a\r\n${headers}\r\n`
    const answer = await lrs.raw('/xAPI/statements', 'POST', head)
    t.equal(answer.status, error === 'BODY_TOO_LARGE' ? 413 : 400, what)
    t.equal(jsonOf(answer).error, error, what)
  }
})
