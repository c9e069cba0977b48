import t from 'tap'
import { type Answer, jsonOf } from '../support/answer.ts'
import { basic, type Lrs, startLrs } from '../support/lrs.ts'

const page = 'https://lms.example.org'
const elsewhere = 'https://evil.example.net'

const ask = (
  lrs: Lrs,
  origin: string | undefined,
  method: string,
  path: string,
  lines: readonly string[] = []
): Promise<Answer> =>
  lrs.raw(
    path,
    method,
    `${[
      `${method} ${path} HTTP/1.1`,
      'Host: a',
      'Connection: close',
      ...(origin === undefined ? [] : [`Origin: ${origin}`]),
      ...lines
    ].join('\r\n')}\r\n\r\n`
  )

const authorized = `Authorization: ${basic('janedoe')}`

/** Every way to be answered; the status is what makes sure that it is this one. */
const answers: readonly (readonly [status: number, method: string, path: string, lines?: readonly string[]])[] = [
  [200, 'GET', '/xAPI/statements', [authorized]],
  [200, 'GET', '/xAPI/about'],
  [200, 'GET', '/__heartbeat__'],
  [304, 'GET', '/xAPI/agents?agent=%7B%22mbox%22:%22mailto:a@b.c%22%7D', [authorized, 'If-None-Match: *']],
  [400, 'GET', '/xAPI/statements?limit=x', [authorized]],
  [400, 'GET', '/xAPI/%zz', [authorized]],
  [400, 'GET', '/xAPI/statements', [authorized, 'X-Experience-API-Version: 0.9']],
  [400, 'POST', '/xAPI/statements', [authorized, 'X-Experience-API-Version: 1.0.3', 'Content-Length: 0']],
  [401, 'GET', '/xAPI/statements'],
  [401, 'GET', '/whoami'],
  [404, 'GET', '/nothing'],
  [404, 'OPTIONS', '/nothing'],
  [404, 'POST', '/nothing', ['Content-Length: 2\r\n\r\n{}']],
  [405, 'DELETE', '/xAPI/statements', [authorized]],
  [405, 'DELETE', '/xAPI/about'],
  [413, 'POST', '/xAPI/statements', [authorized, 'Content-Type: application/json', 'Content-Length: 99999999']],
  [431, 'GET', '/xAPI/statements', [`X-Long: ${'x'.repeat(20_000)}`]],
  [400, 'POST', '/', [authorized, 'Content-Length: x']]
]

t.test('ruling 23: every answer of a CORS server is one that the page can read, and every error is JSON', async (t) => {
  const lrs = await startLrs(t, { settings: { corsAllowOrigins: [page, 'http://localhost:3000'] } })
  for (const [status, method, path, lines] of answers) {
    const what = `${method} ${path} ${status}`
    const answer = await ask(lrs, page, method, path, lines)
    t.equal(answer.status, status, what)
    t.equal(answer.headers.get('access-control-allow-origin'), page, what)
    t.equal(answer.headers.get('access-control-allow-credentials'), 'true', what)
    t.match(answer.headers.get('access-control-expose-headers'), /X-Experience-API-Version/)
    if (path !== '/' && status !== 431) t.match(answer.headers.get('vary'), /\bOrigin\b/, what)
    if (status >= 400) t.equal(typeof jsonOf(answer).detail, 'string', what)
    const other = await ask(lrs, elsewhere, method, path, lines)
    t.equal(other.status, status)
    t.notOk(other.headers.has('access-control-allow-origin'), `${what} from elsewhere`)
    t.notOk(other.headers.has('access-control-allow-credentials'), `${what} from elsewhere`)
  }
  const torn = await ask(lrs, undefined, 'GET', '/', [`X-Long: ${'x'.repeat(20_000)}`])
  t.equal(torn.headers.get('access-control-allow-origin'), '*', 'where the origin is not known: without credentials')
  t.notOk(torn.headers.has('access-control-allow-credentials'))
})

t.test('OPTIONS without what a preflight has is 405, and says what is allowed', async (t) => {
  const lrs = await startLrs(t, { settings: { corsAllowOrigins: [page] } })
  const method = 'Access-Control-Request-Method: PUT'
  t.equal((await ask(lrs, page, 'OPTIONS', '/xAPI/statements')).status, 401, 'to those who may know')
  for (const [origin, lines] of [
    [page, []],
    [undefined, [method]]
  ] as const) {
    const answer = await ask(lrs, origin, 'OPTIONS', '/xAPI/statements', [authorized, ...lines])
    t.equal(answer.status, 405)
    t.equal(jsonOf(answer).error, 'METHOD_NOT_ALLOWED')
    t.equal(answer.headers.get('allow'), 'GET, HEAD, PUT, POST')
  }
})

const preflight = (lrs: Lrs, origin: string, headers = 'authorization,x-experience-api-version') =>
  ask(lrs, origin, 'OPTIONS', '/xAPI/activities/state', [
    'Access-Control-Request-Method: PUT',
    `Access-Control-Request-Headers: ${headers}`
  ])

t.test('a preflight allows every header that the page asks for, and may be kept for a while', async (t) => {
  const lrs = await startLrs(t, { settings: { corsAllowOrigins: [page] } })
  const answer = await preflight(lrs, page, 'authorization,traceparent, x-requested-with,not a name,')
  t.equal(answer.status, 204)
  t.match(answer.headers.get('access-control-allow-headers'), /^Authorization, .*, traceparent, x-requested-with$/)
  t.equal(answer.headers.get('access-control-allow-methods'), 'GET, HEAD, PUT, POST, PATCH, DELETE')
  t.equal(answer.headers.get('access-control-max-age'), '600')
  t.match(answer.headers.get('vary'), /Access-Control-Request-Headers/)
})

t.test('`*` lets every page call, with no credentials but those that it sends itself', async (t) => {
  const lrs = await startLrs(t, { settings: { corsAllowOrigins: ['*'] } })
  for (const origin of [page, elsewhere, 'null']) {
    const answer = await ask(lrs, origin, 'GET', '/xAPI/statements', [authorized])
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('access-control-allow-origin'), '*')
    t.notOk(answer.headers.has('access-control-allow-credentials'))
    t.notMatch(answer.headers.get('vary'), /Origin/, 'it is the same for all')
    const asked = await preflight(lrs, origin)
    t.equal(asked.headers.get('access-control-allow-origin'), '*')
    t.match(asked.headers.get('access-control-allow-headers'), /Authorization/)
  }
  const named = await startLrs(t, { settings: { corsAllowOrigins: ['*', page] } })
  const credentialsOf = async (origin: string) =>
    (await ask(named, origin, 'GET', '/xAPI/about')).headers.get('access-control-allow-credentials')
  t.equal(await credentialsOf(page), 'true', 'a page that is named beside it may use them')
  t.equal(await credentialsOf(elsewhere), null)
})

t.test('`https://*.example.org` is every host below example.org, and nothing else', async (t) => {
  const lrs = await startLrs(t, { settings: { corsAllowOrigins: ['https://*.example.org', 'http://*.test:8080'] } })
  const allowed = async (origin: string) => (await preflight(lrs, origin)).headers.get('access-control-allow-origin')
  for (const origin of ['https://lms.example.org', 'https://a.b.example.org', 'http://x.test:8080']) {
    t.equal(await allowed(origin), origin)
  }
  const others = [
    'https://example.org',
    'https://.example.org',
    'http://lms.example.org',
    'https://lms.example.org:8443',
    'https://evilexample.org',
    'https://lms.example.org.evil.net',
    'https://evil.net/.example.org',
    'http://x.test',
    'null'
  ]
  for (const origin of others) t.equal(await allowed(origin), null, origin)
})
