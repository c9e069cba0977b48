import t from 'tap'
import { basicAuthenticator, readBasic } from '../../src/identity/basic.ts'

const encoded = (text: string | Uint8Array): string => Buffer.from(text).toString('base64')

t.test('RFC 7617: the name ends at the first colon, and both may be any text without control characters', async (t) => {
  const read: Readonly<Record<string, readonly [string, string]>> = {
    'jane:secret': ['jane', 'secret'],
    'jane:se:cr:et': ['jane', 'se:cr:et'],
    ':': ['', ''],
    'jané:名前 🔑': ['jané', '名前 🔑']
  }
  for (const [text, [username, password]] of Object.entries(read)) {
    t.same(readBasic(`Basic ${encoded(text)}`), { username, password }, text)
    t.same(readBasic(`bASIC ${encoded(text)}`), { username, password }, 'the scheme has no case')
  }
  t.same(readBasic(`Basic ${Buffer.from('jane:ÿÿ').toString('base64url')}`), { username: 'jane', password: 'ÿÿ' })
})

t.test('what is not the header of HTTP Basic authentication is not recognized', async (t) => {
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
  ]) {
    t.equal(readBasic(authorization), undefined, JSON.stringify(authorization))
  }
})

t.test('a wrong login is refused and told; one that is not recognized is neither', async (t) => {
  const refused: string[] = []
  const principal = { username: 'jane', agent: { mbox: 'mailto:jane@example.org' }, scopes: ['all'] } as const
  const { authenticate } = basicAuthenticator(
    {
      verify: async (username, password) => (`${username} ${password}` === 'jane secret' ? principal : undefined),
      announce: () => {},
      close: () => {}
    },
    (username, source) => refused.push(`${username} from ${source}`)
  )
  const source = '192.0.2.1'
  t.equal(await authenticate({ authorization: `Basic ${encoded('jane:secret')}`, source }), principal)
  t.equal(await authenticate({ authorization: 'Bearer abc', source }), undefined)
  t.same(refused, [])
  await t.rejects(authenticate({ authorization: `Basic ${encoded('jane:wrong')}`, source }), {
    code: 'UNAUTHENTICATED',
    message: 'Username or password is wrong.'
  })
  t.same(refused, ['jane from 192.0.2.1'])
})
