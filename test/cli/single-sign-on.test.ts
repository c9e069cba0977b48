import { join } from 'node:path'
import t from 'tap'
import { startProvider } from '../support/oidc.ts'
import { ralph, runserver } from '../support/ralph-process.ts'
import { aStatement } from '../support/statements.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const basic = `Basic ${Buffer.from('jane:supersecret').toString('base64')}`

t.test('users of the auth file and of the provider share a server, each as who they are', async (t) => {
  const provider = await startProvider(t)
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify([jane]) } })
  const env = {
    RALPH_APP_DIR: join(cwd, 'app'),
    RALPH_RUNSERVER_AUTH_BACKENDS: 'Basic,OIDC',
    RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI: `${provider.issuer}/`,
    RALPH_RUNSERVER_AUTH_OIDC_AUDIENCE: 'ralph',
    RALPH_LRS_RESTRICT_BY_AUTHORITY: 'true',
    RALPH_LRS_RESTRICT_BY_SCOPES: 'true'
  }
  const server = await runserver(t, ['-h', '127.0.0.1'], { cwd, env })
  const ask = (authorization: string, options: RequestInit = {}) =>
    fetch(`${server.url}/xAPI/statements`, {
      ...options,
      headers: { authorization, 'x-experience-api-version': '1.0.3', 'content-type': 'application/json' }
    })
  const bearer = `Bearer ${await provider.token({ scope: 'statements/write statements/read' })}`
  const { authority: _, ...statement } = aStatement()
  const posted = await ask(bearer, { method: 'POST', body: JSON.stringify(statement) })
  t.equal(posted.status, 200)
  const authority = { objectType: 'Agent', openid: `${provider.issuer}/lms` }
  const read = (await (await ask(bearer)).json()) as { statements: unknown[] }
  t.match(read.statements, [{ authority }])
  t.match(((await (await ask(basic)).json()) as { statements: unknown[] }).statements, [{ authority }])
  const writer = `Bearer ${await provider.token({ scope: 'statements/write' })}`
  t.equal((await ask(writer)).status, 403)
  const forged = await ask(`${bearer}x`)
  t.equal(forged.status, 401)
  t.match(forged.headers.get('www-authenticate'), /Basic realm=.*Bearer realm=/)
  t.match(await forged.json(), { error: 'UNAUTHENTICATED', message: 'The signature of the token is wrong.' })
  t.match(await (await fetch(`${server.url}/whoami`, { headers: { authorization: bearer } })).json(), {
    agent: authority
  })
  await server.stop('SIGTERM')

  const noFile = { ...env, RALPH_APP_DIR: join(cwd, 'nothing'), RALPH_RUNSERVER_AUTH_BACKENDS: 'oidc' }
  const alone = await runserver(t, ['-h', '127.0.0.1'], { cwd, env: noFile })
  t.equal((await fetch(`${alone.url}/whoami`, { headers: { authorization: bearer } })).status, 200)
  t.equal((await fetch(`${alone.url}/whoami`, { headers: { authorization: basic } })).status, 401)
  await provider.stop()
  const unknown = await fetch(`${alone.url}/__heartbeat__`)
  t.match(await unknown.json(), { users: 'ok' }, 'what is known of the provider serves on')
})

t.test('settings that cannot work are refused before the server starts', async (t) => {
  const cwd = t.testdir({ 'auth.json': JSON.stringify([jane]) })
  const cases = [
    [{ RALPH_RUNSERVER_AUTH_BACKENDS: 'oidc' }, /needs RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI/],
    [{ RALPH_RUNSERVER_AUTH_BACKENDS: 'saml' }, /expected one or more of basic, keys, oidc/],
    [
      {
        RALPH_RUNSERVER_AUTH_BACKENDS: 'oidc',
        RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI: 'https://idp.example.org',
        RALPH_RUNSERVER_AUTH_OIDC_CLIENT_ID: 'ralph'
      },
      /belong together/
    ],
    [
      {
        RALPH_RUNSERVER_AUTH_BACKENDS: 'oidc',
        RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI: 'https://idp.example.org',
        RALPH_RUNSERVER_AUTH_OIDC_SCOPE_MAP: '{"teacher":3}'
      },
      /"teacher" must have a list of scopes/
    ]
  ] as const
  for (const [env, reason] of cases) {
    const { code, stderr } = await ralph(t, ['runserver', '-h', '127.0.0.1', '-p', '0'], {
      cwd,
      env: { RALPH_APP_DIR: cwd, ...env }
    })
    t.not(code, 0)
    t.match(stderr, reason)
  }
})
