import { once } from 'node:events'
import { connect } from 'node:net'
import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { startLrs } from '../support/lrs.ts'
import { sent } from '../support/requests.ts'

/** Decision 31: an error about a limit names the setting that holds it. */

const setting = (name: string): string => `RALPH_RUNSERVER_MAX_${name}`
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const state = '/xAPI/activities/state'

t.test('parameters of a URL and fields of a form: their number, and the size of each', async (t) => {
  const lrs = await startLrs(t, { settings: { maxParameters: 20, maxParameterSize: 1024, maxFormSize: 10_000 } })
  const asker = lrs.fresh()
  const many = Array.from({ length: 21 }, (_, at) => `p${at}=1`).join('&')
  const long = `stateId=${'%C3%A9'.repeat(513)}`
  for (const [body, name, limit] of [
    [many, 'PARAMETERS', 20],
    [long, 'PARAMETER_SIZE', 1024],
    [`${'n'.repeat(1025)}=1`, 'PARAMETER_SIZE', 1024]
  ] as const) {
    const expected = { error: 'INVALID_PARAMETER', limit, setting: setting(name) }
    t.match(jsonOf(await asker.send('GET', `${state}?${body}`)), expected)
    const answer = await asker.send('POST', `${state}?method=GET`, { headers: form, body })
    t.equal(answer.status, 400)
    t.match(jsonOf(answer), expected)
  }
  const large = await asker.send('POST', `${state}?method=PUT`, {
    headers: form,
    body: `content=${'x'.repeat(10_000)}`
  })
  t.equal(large.status, 413)
  t.match(jsonOf(large), { error: 'BODY_TOO_LARGE', limit: 10_000, setting: setting('FORM_SIZE') })
  const query = { activityId: 'https://example.org/a', agent: '{"mbox":"mailto:a@example.org"}', stateId: 'x' }
  const body = new URLSearchParams({ ...query, content: 'x'.repeat(5000) }).toString()
  t.equal((await asker.send('POST', `${state}?method=PUT`, { headers: form, body })).status, 204, 'content is a body')
})

t.test('the head of a request, URL included', async (t) => {
  const lrs = await startLrs(t, { settings: { maxHeaderSize: 32 * 1024 } })
  const statusOf = async (request: string): Promise<string> => {
    const socket = connect(lrs.port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    let answer = ''
    socket.setEncoding('latin1').on('data', (text) => {
      answer += text
    })
    socket.write(`${request}Connection: close\r\n\r\n`)
    await once(socket, 'close')
    return answer
  }
  t.match(await statusOf(`GET /xAPI/about HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(30_000)}\r\n`), 'HTTP/1.1 200')
  for (const request of [
    `GET /xAPI/about HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(33_000)}\r\n`,
    `GET /xAPI/about?x=${'x'.repeat(33_000)} HTTP/1.1\r\nHost: a\r\n`
  ]) {
    const answer = await statusOf(request)
    t.match(answer, 'HTTP/1.1 431')
    t.match(answer, /"limit":32768,"setting":"RALPH_RUNSERVER_MAX_HEADER_SIZE"/)
  }
})

t.test('an error that lists what is wrong lists a hundred things', async (t) => {
  const asker = (await startLrs(t)).fresh()
  const sha2 = (at: number): string => at.toString(16).padStart(64, '0')
  const attachments = Array.from({ length: 900 }, (_, at) => ({
    usageType: 'https://example.org/u',
    display: { en: 'x' },
    contentType: 'text/plain',
    length: 1,
    sha2: sha2(at)
  }))
  const actor = { mbox: 'mailto:a@example.org' }
  const answer = await asker.post({
    actor,
    verb: { id: 'https://example.org/v' },
    object: { id: 'https://example.org/a' },
    attachments
  })
  t.match(jsonOf(answer), { error: 'INVALID_ATTACHMENT' })
  t.equal(jsonOf(answer).sha2.length, 100)
})

t.test('what the statements of a request take over by StatementRef, stored together or each by itself', async (t) => {
  const lrs = await startLrs(t, { settings: { maxInheritedTerms: 100 } })
  const target = sent()
  const refers = () => sent({ object: { objectType: 'StatementRef', id: target.id } })
  const asker = lrs.fresh()
  const many = Array.from({ length: 40 }, refers)
  const refused = await asker.post([target, ...many])
  t.equal(refused.status, 400)
  const expected = { error: 'INVALID_STATEMENT', limit: 100, setting: setting('INHERITED_TERMS') }
  t.match(jsonOf(refused), expected)
  const partly = await asker.post([target, ...many], { query: { partialSuccess: true } })
  t.equal(partly.status, 200)
  const { inserted, rejected, errors } = jsonOf(partly) as { inserted: number; rejected: number; errors: object[] }
  t.ok(inserted > 1 && rejected > 1 && inserted + rejected === 41, `${inserted} stored, ${rejected} refused`)
  t.match(errors[0], { code: 'INVALID_STATEMENT', reason: /RALPH_RUNSERVER_MAX_INHERITED_TERMS/ })
  t.equal((await asker.post(many.slice(0, 2))).status, 200, 'a few are taken')
})
