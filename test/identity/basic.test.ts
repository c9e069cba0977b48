import t from 'tap'
import { basicAuthenticator } from '../../src/identity/basic.ts'

t.test('a wrong login is refused and told; one that is not recognized is neither', async (t) => {
  const refused: string[] = []
  const principal = { username: 'jane', agent: { mbox: 'mailto:jane@example.org' }, scopes: ['all'] } as const
  const { authenticate } = basicAuthenticator(
    {
      verify: async (username, password) => (`${username} ${password}` === 'jane secret' ? principal : undefined),
      announce: () => {},
      health: async () => ({ state: 'ok' }),
      close: () => {}
    },
    (username, source) => refused.push(`${username} from ${source}`)
  )
  const source = '192.0.2.1'
  t.equal(
    await authenticate({ authorization: 'Basic …', login: { username: 'jane', password: 'secret' }, source }),
    principal
  )
  t.equal(await authenticate({ authorization: 'Bearer abc', login: undefined, source }), undefined)
  t.same(refused, [])
  await t.rejects(authenticate({ authorization: 'Basic …', login: { username: 'jane', password: 'wrong' }, source }), {
    code: 'UNAUTHENTICATED',
    message: 'Username or password is wrong.'
  })
  t.same(refused, ['jane from 192.0.2.1'])
})
