import t from 'tap'
import { textOf } from '../support/answer.ts'
import { startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const page = '<script>fetch("/xAPI/statements")</script>'
const state = { activityId: anActivity('a').id, agent: withMbox('alice'), stateId: 's' }

t.test('field B10: what users stored is no page of this origin', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  const statement = sent({ attachments: [attachmentOf(page, { contentType: 'text/html' })] })
  await asker.post(undefined, multipart([statementPart(statement), contentPart(page)]))
  await asker.send('PUT', '/xAPI/activities/state', {
    query: state,
    headers: { 'content-type': 'text/html' },
    body: page
  })
  const document = await asker.send('GET', '/xAPI/activities/state', { query: state })
  t.equal(textOf(document), page)
  t.equal(document.headers.get('content-type'), 'text/html', 'a document keeps its type')
  const answers = {
    document,
    statement: await asker.get({ statementId: statement.id }),
    page: await asker.get(),
    attachments: await asker.get({ attachments: true }),
    activity: await asker.send('GET', '/xAPI/activities', { query: { activityId: state.activityId } }),
    error: await asker.get({ '<script>': 1 })
  }
  for (const [what, { headers }] of Object.entries(answers)) {
    t.equal(headers.get('x-content-type-options'), 'nosniff', what)
    t.equal(headers.get('content-security-policy'), 'sandbox', what)
  }
  const found = await asker.send('GET', '/docs')
  t.match(found.headers.get('content-security-policy'), /script-src 'self'/, 'our own page runs its own script')
})

t.test('field B13: a head that can be read in two ways is 400', async (t) => {
  const lrs = await startLrs(t)
  const heads: Readonly<Record<string, readonly string[]>> = {
    'two hosts': ['Host: a.example.org', 'Host: b.example.org'],
    'the same host twice': ['Host: a.example.org', 'host: a.example.org'],
    'two users': [
      'Host: a',
      `Authorization: Basic ${Buffer.from('janedoe:x').toString('base64')}`,
      'Authorization: Bearer x'
    ],
    'two content types': ['Host: a', 'Content-Type: application/json', 'Content-Type: text/html']
  }
  for (const [what, lines] of Object.entries(heads)) {
    for (const path of ['/xAPI/statements', '/xAPI/about', '/nothing']) {
      const text = `GET ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`
      const answer = await lrs.raw(path, 'GET', text)
      t.equal(answer.status, 400, `${what}, ${path}`)
      t.match(textOf(answer), /MALFORMED_REQUEST.*was sent twice/)
    }
  }
})

t.test('field F12: a Host that is not the name or address of a host is 400', async (t) => {
  const lrs = await startLrs(t)
  const status = async (host: string, protocol = 'HTTP/1.1') => {
    const text = `GET /xAPI/about ${protocol}\r\nHost:${host}\r\nConnection: close\r\n\r\n`
    const { status } = await lrs.raw('/xAPI/about', 'GET', text)
    return status
  }
  for (const host of [
    '',
    ' ',
    'a b',
    ':',
    ':80',
    'a:b',
    'a:80:80',
    'a/b',
    'user@a',
    'a?b',
    'a#b',
    'h\xe9',
    '%',
    '%zz',
    '[',
    '[]',
    '[a]',
    '::1',
    '[::1]x',
    'a\\b',
    '<a>',
    '"a"'
  ]) {
    t.equal(await status(host), 400, JSON.stringify(host))
    t.equal(await status(host, 'HTTP/1.0'), host.trim() === '' ? 200 : 400, `${JSON.stringify(host)} of HTTP/1.0`)
  }
  for (const host of [
    'a',
    'lrs.example.org',
    'lrs.example.org.',
    'my_lrs:8100',
    'a:',
    'xn--bcher-kva.example',
    '192.0.2.1:80',
    '[::1]',
    '[2001:db8::1]:8100',
    ' a '
  ]) {
    t.equal(await status(host), 200, host)
  }
})
