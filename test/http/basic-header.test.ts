import fastify from 'fastify'
import t, { type Test } from 'tap'
import { authenticateBy, readLogins } from '../../src/http/authentication.ts'
import type { PresentedCredentials } from '../../src/identity/authenticator.ts'

const encoded = (text: string): string => Buffer.from(text).toString('base64')

/** Gives what the chain is asked when a request brings this header. */
const reader = async (t: Test) => {
  const asked: PresentedCredentials[] = []
  const server = fastify()
  t.teardown(() => server.close())
  await server.register(readLogins)
  server.decorateRequest('principal', undefined)
  const authenticate = authenticateBy({
    challenges: [],
    authenticate: async (credentials) => {
      asked.push(credentials)
      return { username: 'jane', agent: { mbox: 'mailto:jane@example.org' }, scopes: ['all'] }
    },
    announce: () => {},
    health: async () => ({ state: 'ok' }),
    close: () => {}
  })
  server.get('/', { onRequest: authenticate }, async () => 'ok')
  return async (authorization: string | undefined) => {
    const answer = await server.inject({ url: '/', headers: authorization === undefined ? {} : { authorization } })
    t.equal(answer.statusCode, 200)
    return asked.pop()
  }
}

t.test('RFC 7617: the name ends at the first colon, and both may be any text without control characters', async (t) => {
  const read = await reader(t)
  const logins: Readonly<Record<string, readonly [string, string]>> = {
    'jane:secret': ['jane', 'secret'],
    'jane:se:cr:et': ['jane', 'se:cr:et'],
    ':': ['', ''],
    'jané:名前 🔑': ['jané', '名前 🔑']
  }
  for (const [text, [username, password]] of Object.entries(logins))
    for (const scheme of ['Basic', 'bASIC'])
      t.match(await read(`${scheme} ${encoded(text)}`), { login: { username, password } }, text)
  const inUrlForm = Buffer.from('jane:ÿÿ').toString('base64url')
  t.match(await read(`Basic ${inUrlForm}`), { login: { username: 'jane', password: 'ÿÿ' } }, 'base64url')
})

t.test('another header is handed on as it is, without a login', async (t) => {
  const read = await reader(t)
  for (const authorization of [
    undefined,
    '',
    'Basic',
    'Basic ',
    'Basic !!!!',
    'Bearer abc',
    ` Basic ${encoded('jane:secret')}`,
    `Basic  ${encoded('jane:secret')}`,
    `Basic ${encoded('jane:secret')} `,
    `Basic ${encoded('jane')}`,
    `Basic ${encoded('jane\0:secret')}`,
    `Basic ${encoded('jane:sec\nret')}`,
    `Basic ${encoded('jane:sec\x7fret')}`
  ])
    t.match(await read(authorization), { authorization, login: undefined }, JSON.stringify(authorization))
})
