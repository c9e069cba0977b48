import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { jsonOf } from '../support/answer.ts'
import { basic, startLrs } from '../support/lrs.ts'
import { attachmentOf, contentPart, multipart, sent, statementPart } from '../support/requests.ts'
import { anActivity, withMbox } from '../support/statements.ts'

const credentials = `Authorization: ${basic('janedoe')}`
const head = (target: string, lines: readonly string[] = [], method = 'GET', protocol = 'HTTP/1.1'): string =>
  `${method} ${target} ${protocol}\r\n${['Host: a', 'Connection: close', credentials, ...lines].map((line) => `${line}\r\n`).join('')}\r\n`

t.test('header floods are 431, in JSON', async (t) => {
  const lrs = await startLrs(t)
  const floods: Readonly<Record<string, string>> = {
    'one long header': head('/xAPI/statements', [`X-Long: ${'x'.repeat(100_000)}`]),
    'one long name': head('/xAPI/statements', [`${'x'.repeat(100_000)}: x`]),
    'many headers': head(
      '/xAPI/statements',
      Array.from({ length: 5000 }, (_, index) => `X-Header-${index}: ${index}`)
    ),
    'one header many times': head(
      '/xAPI/statements',
      Array.from({ length: 5000 }, () => 'Accept-Language: de;q=0.1')
    ),
    'a huge URL': head(`/xAPI/statements?verb=${'x'.repeat(100_000)}`),
    'a huge path': head(`/${'x'.repeat(100_000)}`),
    'headers without end': `GET /xAPI/statements HTTP/1.1\r\n${'X: y\r\n'.repeat(10_000)}`
  }
  for (const [what, bytes] of Object.entries(floods)) {
    const answer = await lrs.raw('', 'GET', bytes)
    t.equal(answer.status, 431, what)
    t.equal(jsonOf(answer).error, 'HEADERS_TOO_LARGE', what)
  }
  t.equal((await lrs.as('janedoe').get()).status, 200)
})

t.test('many headers, each once, are served', async (t) => {
  const lrs = await startLrs(t)
  const lines = Array.from({ length: 900 }, (_, index) => `X-${index}: ${index}`)
  t.equal((await lrs.raw('/xAPI/statements', 'GET', head('/xAPI/statements', lines))).status, 200)
})

t.test('what is no HTTP is 400, in JSON, and the connection is closed', async (t) => {
  const lrs = await startLrs(t)
  const broken: Readonly<Record<string, string>> = {
    'no HTTP': 'hello\r\n\r\n',
    'HTTP/2': 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'HTTP/3': head('/xAPI/about', [], 'GET', 'HTTP/3.0'),
    TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
    'a space in the URL': head('/xAPI/statements?verb=a b'),
    'a NUL in the URL': head('/xAPI/statements\0'),
    'a header without a colon': head('/xAPI/statements', ['Nonsense']),
    'a header without a name': head('/xAPI/statements', [': x']),
    'a header name with a space': head('/xAPI/statements', ['X Y: z']),
    'a NUL in a header': head('/xAPI/statements', ['X: a\0b']),
    'a bare line feed in a header': head('/xAPI/statements', ['X: a\nY']),
    'a Content-Length that is none': head('/xAPI/statements', ['Content-Length: many'], 'POST'),
    'a negative Content-Length': head('/xAPI/statements', ['Content-Length: -1'], 'POST'),
    'two Content-Lengths': head('/xAPI/statements', ['Content-Length: 1', 'Content-Length: 2'], 'POST'),
    'a Content-Length beyond counting': head('/xAPI/statements', [`Content-Length: ${'9'.repeat(40)}`], 'POST'),
    'both lengths, to smuggle': `${head('/xAPI/statements', ['Content-Length: 5', 'Transfer-Encoding: chunked'], 'POST')}0\r\n\r\nGET /`,
    'an unknown Transfer-Encoding': head('/xAPI/statements', ['Transfer-Encoding: gzip'], 'POST'),
    'a chunk that is none': `${head('/xAPI/statements', ['Transfer-Encoding: chunked', 'Content-Type: application/json'], 'POST')}zz\r\n`,
    'a chunk of negative size': `${head('/xAPI/statements', ['Transfer-Encoding: chunked', 'Content-Type: application/json'], 'POST')}-5\r\n`
  }
  for (const [what, bytes] of Object.entries(broken)) {
    const answer = await lrs.raw('', 'GET', bytes)
    t.equal(answer.status, 400, what)
    t.match(jsonOf(answer).error, /MALFORMED_REQUEST|INVALID_JSON/, what)
    t.equal(answer.headers.get('connection'), 'close', what)
    t.equal((await lrs.as('janedoe').get()).status, 200, 'the server answers')
  }
  t.same(await lrs.as('janedoe').list(), [])
})

t.test('what is unusual and well-formed gets an answer of its own, and never a 5xx', async (t) => {
  const lrs = await startLrs(t)
  const unusual: Readonly<Record<string, readonly [bytes: string, ...statuses: number[]]>> = {
    'HTTP/1.0': [head('/xAPI/statements', [], 'GET', 'HTTP/1.0'), 200],
    'HTTP/0.9': ['GET /xAPI/about\r\n\r\n', 200],
    'no Host': [`GET /xAPI/about HTTP/1.1\r\nConnection: close\r\n\r\n`, 400],
    'no Host in HTTP/1.0': [`GET /xAPI/about HTTP/1.0\r\n\r\n`, 200],
    'an absolute URL': [head('http://a/xAPI/about'), 200, 404],
    'an absolute URL of elsewhere': [head('http://example.org/'), 200],
    'an asterisk': [head('*'), 400, 404],
    'OPTIONS of an asterisk': [head('*', [], 'OPTIONS'), 400, 404],
    'a path without a slash': [head('xAPI/about'), 400, 404],
    'two slashes': [head('//xAPI/about'), 200],
    'two slashes at the end': [head('/xAPI/about//'), 200],
    'a way up': [head('/xAPI/../xAPI/about'), 404],
    'another case': [head('/xapi/about'), 404],
    'an escaped letter': [head('/xAPI/%61bout'), 200],
    'an escaped slash': [head('/xAPI%2fabout'), 404],
    'a malformed escape': [head('/xAPI/%zz'), 400],
    'an escape that breaks off': [head('/xAPI/about%'), 400],
    'an escape that is no UTF-8': [head('/xAPI/%ff'), 400],
    'an escaped NUL': [head('/xAPI/about%00'), 404],
    'a parameter in the path': [head('/xAPI/about;x=y'), 200, 404],
    'a question mark only': [head('/xAPI/statements?'), 200],
    'ampersands only': [head('/xAPI/statements?&&&'), 200],
    'a fragment': [head('/xAPI/about#x'), 200, 400, 404],
    'a long path': [head(`/xAPI/${'x'.repeat(8000)}`), 404],
    'many segments': [head('/x'.repeat(3000)), 404],
    'bytes above ASCII': [head('/xAPI/\xe9'), 400, 404],
    'a schema that is none': [head('/schemas/xapi/../../package.json'), 404],
    'a way out of the documentation': [head('/pages/..%2f..%2fpackage.json'), 400, 403, 404],
    'an expectation': [head('/xAPI/statements', ['Expect: the-impossible']), 200],
    'an upgrade to websockets': [
      head('/xAPI/statements', [
        'Upgrade: websocket',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version: 13'
      ]).replace('Connection: close', 'Connection: Upgrade, close'),
      200
    ],
    'an upgrade to HTTP/2': [
      head('/xAPI/statements', ['Upgrade: h2c', 'HTTP2-Settings: AAA']).replace(
        'Connection: close',
        'Connection: Upgrade, close'
      ),
      200
    ],
    'a range': [head('/xAPI/statements', ['Range: bytes=0-10', 'If-Range: "x"']), 200],
    conditions: [head('/xAPI/statements', ['If-Modified-Since: yesterday', 'If-None-Match: x"']), 400],
    'an Accept that cannot be met': [
      head('/xAPI/statements', ['Accept: image/png', 'Accept-Charset: x', 'Accept-Encoding: *;q=0']),
      200
    ],
    trailers: [
      `${head('/xAPI/statements', ['Transfer-Encoding: chunked', 'Trailer: X', 'Content-Type: application/json'], 'POST')}2\r\n[]\r\n0\r\nAuthorization: x\r\n\r\n`,
      400
    ],
    'a flood of chunk extensions': [
      `${head('/xAPI/statements', ['Transfer-Encoding: chunked', 'Content-Type: application/json'], 'POST')}2;${'x'.repeat(50_000)}\r\n[]\r\n0\r\n\r\n`,
      400,
      413,
      431
    ],
    'a method override': [head('/xAPI/statements', ['X-HTTP-Method-Override: DELETE']), 200]
  }
  for (const [what, [bytes, ...statuses]] of Object.entries(unusual)) {
    const answer = await lrs.raw('', 'GET', bytes)
    t.ok(statuses.includes(answer.status), `${what}: ${answer.status}`)
  }
  t.equal((await lrs.as('janedoe').get()).status, 200)
  t.same(lrs.log, [])
})

t.test('hostile values of headers we read are 4xx or of no effect', async (t) => {
  const lrs = await startLrs(t)
  const asker = lrs.fresh()
  await asker.store(sent())
  const values = [
    '\u00ff\u00fe',
    '\t',
    '"',
    '\\',
    '%00',
    '{}',
    '[]',
    '__proto__',
    "' or 1=1 --",
    '../../etc/passwd',
    '*'.repeat(3000),
    ','.repeat(3000),
    ';q='.repeat(1000),
    `${'a-'.repeat(4000)}a`,
    '1e999',
    '-0',
    'null'
  ]
  const names = [
    'accept-language',
    'accept',
    'if-match',
    'if-none-match',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-proto',
    'forwarded',
    'origin',
    'referer',
    'cookie',
    'content-type',
    'content-encoding',
    'x-experience-api-version',
    'authorization',
    'range',
    'te',
    'prefer'
  ]
  for (const name of names) {
    for (const value of values) {
      const headers = { [name]: value }
      const query = { limit: 1, format: 'canonical' }
      const read = await asker.get(query, { headers })
      t.ok(
        read.status === 200 || read.status === 400 || read.status === 401,
        `${name}: ${value.slice(0, 20)}: ${read.status}`
      )
      const scope = { activityId: anActivity('a').id, agent: withMbox('a'), stateId: name }
      const write = await asker.send('PUT', '/xAPI/activities/state', { query: scope, body: '{}', headers })
      t.ok([204, 400, 401, 412].includes(write.status), `${name}: ${value.slice(0, 20)}: ${write.status}`)
      const back = await asker.send('GET', '/xAPI/activities/state', { query: scope })
      t.ok(back.status === 200 || back.status === 404)
    }
  }
  t.same(lrs.log, [])
})

t.test('credentials in the wrong place are 401, and two different ones are 400', async (t) => {
  const lrs = await startLrs(t)
  const plain = (lines: readonly string[], target = '/xAPI/statements') =>
    `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
  const status = async (...lines: string[]) => (await lrs.raw('/xAPI/statements', 'GET', plain(lines))).status
  t.equal(await status('Authorization: Basic x', credentials), 400, 'nobody knows which one counts (RFC 9110 5.3)')
  t.equal(await status(credentials, 'Authorization: Basic x'), 400)
  t.equal(await status(credentials, credentials), 200, 'the same twice says one thing')
  t.equal((await lrs.raw('/xAPI/statements', 'GET', plain([`Proxy-${credentials}`]))).status, 401)
  t.equal((await lrs.raw('/xAPI/statements', 'GET', plain([`Cookie: ${credentials}`]))).status, 401)
  t.equal((await lrs.raw('/xAPI/statements', 'GET', plain([], 'http://janedoe:secret@a/xAPI/statements'))).status, 401)
})

t.test('requests in one go are answered in their order', async (t) => {
  const lrs = await startLrs(t)
  const statement = JSON.stringify(sent())
  const keep = (bytes: string) => bytes.replace('Connection: close\r\n', '')
  const post =
    keep(head('/xAPI/statements', ['Content-Type: application/json', `Content-Length: ${statement.length}`], 'POST')) +
    statement
  const broken = `${keep(head('/xAPI/statements', ['Content-Type: application/json', 'Content-Length: 1'], 'POST'))}{`
  const socket = connect(lrs.port, '127.0.0.1')
  socket.write(broken + post + head('/xAPI/about'))
  const answers = await text(socket)
  t.same(
    [...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status),
    ['400', '200', '200']
  )
  t.equal((await lrs.as('janedoe').list()).length, 1)
})

t.test('what is no HTTP, after a request that is being answered, is not answered within that answer', async (t) => {
  const lrs = await startLrs(t)
  const contents = ['a', 'b', 'c'].map((letter) => letter.repeat(4_000_000))
  const statement = sent({ attachments: contents.map((content) => attachmentOf(content)) })
  const parts = [statementPart(statement), ...contents.map((content) => contentPart(content))]
  const asker = lrs.as('janedoe')
  t.equal((await asker.post(undefined, multipart(parts))).status, 200)

  const socket = connect({ host: '127.0.0.1', port: lrs.port })
  t.teardown(() => socket.destroy())
  const query = `statementId=${statement.id}&attachments=true`
  socket.write(`GET /xAPI/statements?${query} HTTP/1.1\r\nHost: a\r\n${credentials}\r\n\r\n`)
  await once(socket, 'readable')
  // More than the connection holds is still to be sent, since nobody reads it.
  await new Promise((resolve) => socket.write('\0 no HTTP\r\n\r\n', resolve))
  t.equal((await asker.get({ limit: 1 })).status, 200)
  const received = await text(socket).catch(() => '')
  t.match(received.slice(0, 100), /^HTTP\/1\.1 200 /)
  t.notMatch(received.slice(100), 'HTTP/1.1 400')
  t.ok(received.length < 12_000_000, 'it was broken off')
})
