import { createPublicKey } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { generateKeyPair, importJWK, type JWK, type JWTPayload, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { RalphError } from '../../src/errors.ts'
import { bearerAuthenticator } from '../../src/identity/oidc/bearer.ts'
import type { OidcSettings } from '../../src/settings/settings.ts'
import { lrs, startProvider, type TestProvider } from '../support/oidc.ts'
import { aLog } from '../support/users.ts'

const settingsOf = ({ issuer }: Pick<TestProvider, 'issuer'>, more: Partial<OidcSettings> = {}): OidcSettings => ({
  issuer,
  audience: ['ralph'],
  client: undefined,
  scopeClaim: 'scope',
  scopeMap: new Map(),
  targetClaim: 'target',
  cacheTtl: 60,
  ...more
})

/** Who may log in, and which tokens were refused. */
const open = (t: Test, settings: OidcSettings, cacheMaxSize = 100) => {
  const [log, refused]: [ReturnType<typeof aLog>, string[]] = [aLog(), []]
  const authenticator = bearerAuthenticator({
    settings,
    cacheMaxSize,
    clock: () => Date.now() * 1000,
    log,
    onRefused: (username, source) => refused.push(`${username} ${source}`)
  })
  t.teardown(() => authenticator.close())
  const authenticate = (authorization: string, source = 'here') =>
    authenticator.authenticate({ authorization, login: undefined, source })
  const bearer = (token: string, source?: string) => authenticate(`Bearer ${token}`, source)
  return { log, refused, authenticator, authenticate, bearer }
}

const refusal = (message: RegExp) => ({ code: 'UNAUTHENTICATED', message })

/** A token as the provider makes them, with other claims, or signed in another way. */
const forge = async (
  provider: TestProvider,
  claims: JWTPayload,
  {
    alg = 'RS256',
    kid = 'first',
    key
  }: { alg?: string; kid?: string | undefined; key?: JWK | Awaited<ReturnType<typeof importJWK>> } = {}
): Promise<string> => {
  const now = Math.floor(Date.now() / 1000)
  const usual = { iss: provider.issuer, sub: 'ann', aud: 'ralph', iat: now, exp: now + 60, scope: 'all' }
  const signing = key ?? provider.key()
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader(kid === undefined ? { alg } : { alg, kid })
    .sign('kty' in signing ? await importJWK(signing, alg) : signing)
}

t.test('a signed token is its user, asked about once, and only its provider is asked for keys', async (t) => {
  const provider = await startProvider(t)
  const { bearer, authenticator } = open(t, settingsOf(provider))
  t.same(await authenticator.health(), { state: 'ok' })
  const token = await provider.token({ scope: 'statements/read teacher' })
  const principal = {
    username: `${provider.issuer}/lms`,
    agent: { objectType: 'Agent', openid: `${provider.issuer}/lms` },
    scopes: ['statements/read']
  }
  const found = await Promise.all(Array.from({ length: 20 }, () => bearer(token)))
  for (const each of found) t.same(each, principal, 'a word that is no scope here is for somebody else')
  t.same(await bearer(token), principal)
  t.match(Object.fromEntries(provider.asked), { '/.well-known/openid-configuration': 1, '/jwks': 1 })
})

t.test('claims name the scopes, the target and the authority', async (t) => {
  const provider = await startProvider(t)
  const settings = settingsOf(provider, {
    scopeClaim: 'roles',
    targetClaim: 'school',
    scopeMap: new Map([['teacher', ['statements/read', 'profile/read']]])
  })
  const { bearer } = open(t, settings)
  t.match(await bearer(await forge(provider, { roles: ['teacher', 'all/read', 'cook'], school: 'north' })), {
    scopes: ['statements/read', 'profile/read', 'all/read'],
    target: 'north'
  })
  t.match(await bearer(await forge(provider, { sub: 'x y|é' })), {
    agent: { openid: `${provider.issuer}/x%20y%7C%C3%A9` },
    scopes: []
  })
  t.match(await bearer(await forge(provider, { sub: '', azp: 'cron' })), {
    agent: { openid: `${provider.issuer}/application/cron` }
  })
  t.match(await bearer(await forge(provider, { sub: 'x%20y|é' })), {
    agent: { openid: `${provider.issuer}/x%2520y%7C%C3%A9` }
  })
  await t.rejects(bearer(await forge(provider, { sub: 'application/cron' })), refusal(/application/))
  await t.rejects(bearer(await forge(provider, { sub: 'a\ud800' })), refusal(/Unicode/))
  await t.rejects(bearer(await forge(provider, { sub: '' })), refusal(/neither a subject nor a client/))
  await t.rejects(bearer(await forge(provider, { school: '../north' })), refusal(/claim school/))
  await t.rejects(bearer(await forge(provider, { school: ['north'] })), refusal(/claim school/))
})

t.test('forged, expired, foreign and malformed tokens are refused, each with its reason', async (t) => {
  const provider = await startProvider(t)
  const { authenticate, bearer, refused } = open(t, settingsOf(provider))
  const genuine = await provider.token()
  await bearer(genuine)
  const [head = '', body = '', signature = ''] = genuine.split('.')
  const past = Math.floor(Date.now() / 1000) - 60
  const publicPem = createPublicKey({ key: provider.key() as never, format: 'jwk' }).export({
    type: 'spki',
    format: 'pem'
  })
  const stranger = (await generateKeyPair('RS256')).privateKey
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${body}.`
  const other = Buffer.from(JSON.stringify({ ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'admin' }))
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['expired', await forge(provider, { exp: past }), /expired/],
    ['without an end', await forge(provider, { exp: undefined as never }), /claim exp/],
    ['not valid yet', await forge(provider, { nbf: past + 3600 }), /claim nbf/],
    ['of another issuer', await forge(provider, { iss: 'https://elsewhere.example.org' }), /claim iss/],
    ['for another audience', await provider.token({ audience: 'library' }), /claim aud/],
    ['signed by a stranger', await forge(provider, {}, { key: stranger }), /signature of the token/],
    [
      'signed by a key of another name',
      await forge(provider, {}, { key: stranger, kid: 'mine' }),
      /not signed by a key/
    ],
    ['of another user', `${head}.${other.toString('base64url')}.${signature}`, /signature of the token/],
    ['without a signature', unsigned, /algorithm that is not accepted/],
    [
      'signed with the public key as a secret',
      await forge(provider, {}, { alg: 'HS256', key: Buffer.from(publicPem) }),
      /algorithm that is not accepted/
    ],
    ['no token', 'abc', /not a signed JSON Web Token/],
    ['three dots', '..', /not a signed JSON Web Token/]
  ]
  for (const [name, token, reason] of cases) {
    await t.rejects(bearer(token), refusal(reason), name)
    await t.rejects(bearer(token), refusal(reason), `${name}, again`)
  }
  t.equal(refused.length, 2 * cases.length, 'each is noted')
  t.same(refused[0], 'a token here')
  for (const authorization of ['Bearer', 'Bearer ', 'bearer a b', 'Bearer ä', `Bearer ${genuine}, Basic x`]) {
    await t.rejects(authenticate(authorization), refusal(/no token behind Bearer/), authorization)
  }
  for (const authorization of ['Basic YTpi', 'Bearerx', '']) t.equal(await authenticate(authorization), undefined)
  t.ok(await authenticate(`bearer   ${genuine}`), 'schemes are written in any case')
})

t.test('keys rotate; a token without kid is tried with each key', async (t) => {
  const provider = await startProvider(t)
  const { bearer } = open(t, settingsOf(provider), 0)
  t.ok(await bearer(await forge(provider, {}, { kid: undefined })))
  await provider.rotate()
  const after = await provider.token()
  // Keys are not fetched anew more than twice a minute, so that forged names of keys make no flood of questions.
  await t.rejects(bearer(after), refusal(/not signed by a key/))
  t.equal(provider.asked.get('/jwks'), 1)
  const later = open(t, settingsOf(provider))
  t.ok(await later.bearer(after))
})

t.test('an opaque token is what the provider says of it, until it is revoked', async (t) => {
  const provider = await startProvider(t, 'opaque')
  const { bearer, authenticator } = open(t, settingsOf(provider, { client: lrs, cacheTtl: 1 }))
  const token = await provider.token({ scope: 'all' })
  const principal = {
    username: `${provider.issuer}/application/lms`,
    agent: { objectType: 'Agent', openid: `${provider.issuer}/application/lms` },
    scopes: ['all']
  }
  t.same(await bearer(token), principal)
  t.same(await bearer(token), principal)
  t.equal(provider.asked.get('/token/introspection'), 1)
  await provider.revoke(token)
  await wait(1100)
  await t.rejects(bearer(token), refusal(/not valid/))
  await t.rejects(bearer(token), refusal(/not valid/))
  t.equal(provider.asked.get('/token/introspection'), 2, 'a refusal is remembered too')
  await t.rejects(bearer(await provider.token({ audience: 'library' })), refusal(/not meant for this server/))
  await t.rejects(bearer('anything'), refusal(/not valid/))
  t.same(await authenticator.health(), { state: 'ok' })
})

t.test('the user behind an opaque token is asked for, and must be the same', async (t) => {
  const provider = await startProvider(t, 'opaque')
  const metadata = await (await fetch(`${provider.issuer}/.well-known/openid-configuration`)).json()
  const answers = new Map<string, unknown>([['/.well-known/openid-configuration', metadata]])
  provider.answerBy((request, response) => {
    const answer = answers.get(request.url ?? '')
    response.setHeader('content-type', typeof answer === 'string' ? 'application/jwt' : 'application/json')
    response.statusCode = answer === 403 ? 403 : 200
    response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
  })
  answers.set('/jwks', { keys: [{ ...provider.key(), d: undefined }] })
  answers.set('/token/introspection', { active: true, sub: 'ann', aud: ['library', 'ralph'], scope: 'all' })
  const userInfo = new URL((metadata as { userinfo_endpoint: string }).userinfo_endpoint).pathname
  const settings = settingsOf(provider, { client: lrs })
  const ask = () => open(t, settings).bearer('opaque')

  answers.set(userInfo, { sub: 'ann', target: 'north' })
  t.match(await ask(), { username: `${provider.issuer}/ann`, target: 'north', scopes: ['all'] })
  answers.set(userInfo, await forge(provider, { target: 'south' }))
  t.match(await ask(), { target: 'south' }, 'as a signed token')
  answers.set(userInfo, 403)
  t.match(await ask(), { username: `${provider.issuer}/ann` }, 'a token without openid')

  answers.set(userInfo, { sub: 'ben' })
  await t.rejects(ask(), { code: 'IDENTITY_PROVIDER_UNAVAILABLE' })
  answers.set(userInfo, await forge(provider, { sub: 'ben' }))
  await t.rejects(ask(), refusal(/another user/))
  const stranger = (await generateKeyPair('RS256')).privateKey
  answers.set(userInfo, await forge(provider, {}, { key: stranger }))
  await t.rejects(ask(), refusal(/signature/))
  answers.set('/token/introspection', { active: true, sub: 'ann', aud: 'ralph', iss: 'https://elsewhere.example.org' })
  await t.rejects(ask(), refusal(/another issuer/))
  answers.set('/token/introspection', { active: true, sub: 'ann', aud: 'ralph', exp: 1 })
  await t.rejects(ask(), refusal(/expired/))
  answers.set('/token/introspection', { active: 'yes' })
  await t.rejects(ask(), { code: 'IDENTITY_PROVIDER_UNAVAILABLE' })
})

t.test('a provider that is away, slow or lying is said so, and is not asked by each request', async (t) => {
  const provider = await startProvider(t)
  const token = await provider.token()
  const lies: readonly (readonly [string, Parameters<TestProvider['answerBy']>[0], RegExp])[] = [
    ['an error', (_, response) => response.writeHead(500).end('oops'), /status/],
    [
      'a page',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Log in</p>'),
      /content-type/i
    ],
    ['a redirect', (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(), /status/],
    [
      'another issuer',
      (_, response) =>
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end('{"issuer":"https://elsewhere.example.org","jwks_uri":"http://127.0.0.1:1/"}'),
      /issuer/
    ],
    [
      'an answer without end',
      (_, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        const more = (): void => {
          if (response.write('x'.repeat(65_536)) && !response.destroyed) setImmediate(more)
          else response.once('drain', more)
        }
        more()
      },
      /more than 1048576 bytes/
    ],
    ['a broken connection', (request) => request.socket.destroy(), /fetch failed/]
  ]
  for (const [name, answer, reason] of lies) {
    provider.answerBy(answer)
    const before = provider.asked.get('/.well-known/openid-configuration') ?? 0
    const { bearer, authenticator, refused } = open(t, settingsOf(provider))
    for (let count = 0; count < 3; count += 1) {
      await t.rejects(bearer(token), { code: 'IDENTITY_PROVIDER_UNAVAILABLE', details: { retryAfter: 5 } }, name)
    }
    const health = await authenticator.health()
    t.match(health, { state: 'degraded', detail: reason, hint: /identity provider/ }, name)
    t.equal(provider.asked.get('/.well-known/openid-configuration'), before + 1, `${name}: asked once`)
    t.same(refused, [], 'that is not the fault of the token')
  }
  provider.answerBy(undefined)
  const { bearer, authenticator } = open(t, settingsOf(provider), 0)
  t.ok(await bearer(token))
  await provider.stop()
  t.ok(await bearer(token), 'what is known of its keys serves on')
  t.same(await authenticator.health(), { state: 'ok' })
})

t.test('field B6: who invents tokens keeps no other source out, however slow the provider is', async (t) => {
  const provider = await startProvider(t, 'opaque')
  const { authenticator, bearer } = open(t, settingsOf(provider, { client: lrs }))
  const token = await provider.token()
  // Its configuration is read.
  await authenticator.health()
  const held: ServerResponse[] = []
  provider.answerBy((_, response) => held.push(response))
  const invented = Array.from({ length: 400 }, (_, at) => bearer(`invented-${at}`).catch((error: unknown) => error))
  while (held.length < 64) await wait(5)
  const right = bearer(token, 'there')
  provider.answerBy(undefined)
  for (const response of held) response.writeHead(200, { 'content-type': 'application/json' }).end('{"active":false}')
  t.match(await right, { username: `${provider.issuer}/application/lms` })
  const codes = (await Promise.all(invented)).map((error) => (error instanceof RalphError ? error.code : 'none'))
  t.equal(codes.filter((code) => code === 'OVERLOADED').length, 400 - 64 - 255, 'one more gave its place up')
  t.equal(codes.filter((code) => code === 'UNAUTHENTICATED').length, 64 + 255)
})

t.test('without an audience the log says that any token of the provider is accepted', async (t) => {
  const provider = await startProvider(t)
  const { bearer, authenticator, log } = open(t, settingsOf(provider, { audience: [] }))
  authenticator.announce?.()
  t.match(log.lines, [/^warn .*RALPH_RUNSERVER_AUTH_OIDC_AUDIENCE/])
  t.ok(await bearer(await provider.token({ audience: 'library' })))
})
