import t from 'tap'
import { RalphError } from '../../src/errors.ts'
import type { Authenticator } from '../../src/identity/authenticator.ts'
import { chainAuthenticators } from '../../src/identity/chain.ts'

/** An authenticator of a scheme that knows one secret, and notes whenever it is asked. */
const ofScheme = (scheme: string, secret: string, asked: string[]): Authenticator => ({
  scheme,
  challenge: `${scheme} realm="test"`,
  authenticate: async ({ authorization }) => {
    asked.push(scheme)
    if (authorization?.startsWith(`${scheme} `) !== true) return undefined
    if (authorization !== `${scheme} ${secret}`) throw new RalphError('UNAUTHENTICATED', `The ${scheme} is wrong.`)
    return { username: `by ${scheme}`, agent: { mbox: 'mailto:a@example.org' }, scopes: ['all'] }
  },
  announce: () => asked.push(`announce ${scheme}`),
  health: async () => (secret === 'two' ? { state: 'degraded', detail: `of ${scheme}` } : { state: 'ok' }),
  close: () => asked.push(`close ${scheme}`)
})

const opened = () => {
  const asked: string[] = []
  const chain = chainAuthenticators([ofScheme('Basic', 'one', asked), ofScheme('Bearer', 'two', asked)])
  const authenticate = (authorization?: string) => chain.authenticate({ authorization, login: undefined, source: '' })
  return { asked, chain, authenticate }
}

t.test('the first authenticator that recognizes the credentials decides, and no later one is asked', async (t) => {
  const { asked, authenticate } = opened()
  t.match(await authenticate('Basic one'), { username: 'by Basic' })
  t.same(asked, ['Basic'])
  t.match(await authenticate('Bearer two'), { username: 'by Bearer' })
  t.same(asked.splice(0), ['Basic', 'Basic', 'Bearer'])
  await t.rejects(authenticate('Basic two'), { code: 'UNAUTHENTICATED', message: 'The Basic is wrong.' })
  t.same(asked, ['Basic'], 'wrong credentials are not tried as something else')
})

t.test(
  'credentials that no authenticator recognizes are UNAUTHENTICATED, and the message names all schemes',
  async (t) => {
    const { authenticate } = opened()
    for (const authorization of [undefined, '', 'Digest x', 'Basic', 'basic one']) {
      await t.rejects(authenticate(authorization), {
        code: 'UNAUTHENTICATED',
        message: 'Send the credentials of a user by HTTP Basic or Bearer authentication.'
      })
    }
  }
)

t.test('all challenges are offered, in the order of the chain; all are announced and closed', async (t) => {
  const { asked, chain } = opened()
  t.same(chain.challenges, ['Basic realm="test"', 'Bearer realm="test"'])
  t.same(await chain.health(), { state: 'degraded', detail: 'of Bearer' }, 'the first one that is not well')
  chain.announce()
  chain.close()
  t.same(asked, ['announce Basic', 'announce Bearer', 'close Basic', 'close Bearer'])
})
