import { createPublicKey, sign } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { status } from '@grpc/grpc-js'
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { grpcClient } from '../support/grpc.ts'
import { startProvider, type TestProvider } from '../support/oidc.ts'
import { runserver } from '../support/ralph-process.ts'
import { sent } from '../support/requests.ts'
import { aUser } from '../support/users.ts'

const jane = await aUser('jane', 'supersecret')
const password = `Basic ${Buffer.from('jane:supersecret').toString('base64')}`

/** A server with both doors, whose users are those of the auth file and of a provider. */
const start = async (t: Test, { issuer }: TestProvider) => {
  const cwd = t.testdir({ app: { 'auth.json': JSON.stringify([jane]) } })
  const server = await runserver(t, ['-h', '127.0.0.1', '-b', 'memory'], {
    cwd,
    env: {
      RALPH_APP_DIR: join(cwd, 'app'),
      RALPH_RUNSERVER_AUTH_BACKENDS: 'basic,oidc',
      RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI: issuer,
      RALPH_RUNSERVER_AUTH_OIDC_AUDIENCE: 'ralph',
      RALPH_GRPC__ENABLED: 'true',
      RALPH_GRPC__PORT: '0',
      RALPH_GRPC__HOST: '127.0.0.1'
    }
  })
  const port = Number(/gRPC[^\n]*127\.0\.0\.1:(\d+)/.exec(server.log())?.[1])
  const nobody = grpcClient(t, port, undefined)
  const overHttp = (authorization: string) =>
    fetch(`${server.url}/xAPI/statements`, {
      method: 'POST',
      headers: { authorization, 'x-experience-api-version': '1.0.3', 'content-type': 'application/json' },
      body: JSON.stringify(sent())
    })
  const overGrpc = (authorization: string) => nobody.write([[sent()]], { metadata: { authorization } })
  return { server, overHttp, overGrpc }
}

interface Signing {
  readonly head?: object
  readonly alg?: string
  readonly key?: CryptoKey | Uint8Array
}

/** A token as the provider makes them, with other claims, or signed in another way. */
const forge = async (provider: TestProvider, claims: JWTPayload, { head, alg = 'RS256', key }: Signing = {}) => {
  const now = Math.floor(Date.now() / 1000)
  const usual = { iss: provider.issuer, sub: 'ann', aud: 'ralph', iat: now, exp: now + 60, scope: 'all' }
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ kid: 'first', ...head, alg })
    .sign(key ?? (await importJWK(provider.key(), 'RS256')))
}

t.test('whoever lies in a token writes nothing, by HTTP or by gRPC, and is told why', async (t) => {
  const provider = await startProvider(t)
  const { server, overHttp, overGrpc } = await start(t, provider)
  const stranger = await generateKeyPair('RS256', { extractable: true })
  const asked: string[] = []
  const elsewhere = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end('{"keys":[]}')
  })
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
  t.teardown(() => elsewhere.close())
  const own = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/keys`
  const genuine = await provider.token()
  const [head = '', body = '', signature = ''] = genuine.split('.')
  const past = Math.floor(Date.now() / 1000) - 3600
  const published = createPublicKey({ key: provider.key() as never, format: 'jwk' })
  const pem = Buffer.from(published.export({ type: 'spki', format: 'pem' }))
  const encoded = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claimed = { ...JSON.parse(Buffer.from(body, 'base64url').toString()), sub: 'admin' }
  const { privateKey } = stranger
  const signed = (header: object): string => {
    const text = `${encoded(header)}.${body}`
    const signature = sign('RSA-SHA256', Buffer.from(text), { key: provider.key() as never, format: 'jwk' })
    return `${text}.${signature.toString('base64url')}`
  }
  const lies = {
    'no algorithm': `${encoded({ alg: 'none' })}.${encoded(claimed)}.`,
    'no algorithm, written otherwise': `${encoded({ alg: 'nOnE', kid: 'first' })}.${encoded(claimed)}.${signature}`,
    'the public key as a secret': await forge(provider, {}, { alg: 'HS256', key: pem }),
    'a key that it brings itself': await forge(
      provider,
      {},
      { key: privateKey, head: { jwk: await exportJWK(stranger.publicKey) } }
    ),
    'a key at an address of its own': await forge(provider, {}, { key: privateKey, head: { jku: own, x5u: own } }),
    'the name of a key that is a path': await forge(
      provider,
      {},
      { key: privateKey, head: { kid: '../../etc/passwd' } }
    ),
    'a part that is unknown and critical': signed({ alg: 'RS256', kid: 'first', crit: ['mine'], mine: 1 }),
    'other claims': `${head}.${encoded(claimed)}.${signature}`,
    'another signature': `${head}.${body}.${signature.slice(0, -6)}AAAAAA`,
    'another audience': await provider.token({ audience: 'library' }),
    'an audience that only contains ours': await forge(provider, { aud: ['ralph-of-others', 'RALPH'] }),
    'another issuer': await forge(provider, { iss: `${provider.issuer}/` }),
    'an end that has passed': await forge(provider, { exp: past }),
    'an end that is a text': await forge(provider, { exp: '9999999999' as never }),
    'no end': await forge(provider, { exp: undefined as never }),
    'a beginning that has not come': await forge(provider, { nbf: past + 36_000 }),
    'a target outside': await forge(provider, { target: '../../north' }),
    nobody: await forge(provider, { sub: undefined as never })
  }
  for (const [what, token] of Object.entries(lies)) {
    const answer = await overHttp(`Bearer ${token}`)
    t.match([answer.status, await answer.json()], [401, { error: 'UNAUTHENTICATED' }], what)
    t.match(await overGrpc(`Bearer ${token}`), { error: { code: status.UNAUTHENTICATED } }, what)
  }
  for (const authorization of [
    `Bearer ${genuine}, ${password}`,
    `Bearer ${genuine} ${genuine}`,
    `Basic ${genuine}`,
    `Basic ${Buffer.from(`Bearer:${genuine}`).toString('base64')}`
  ]) {
    t.equal((await overHttp(authorization)).status, 401, authorization.slice(0, 12))
    t.match(await overGrpc(authorization), { error: { code: status.UNAUTHENTICATED } })
  }
  const inQuery = await fetch(`${server.url}/xAPI/statements?access_token=${genuine}`)
  t.equal(inQuery.status, 401, 'RFC 6750 §2.3: a token in a URL stands in logs')
  t.same(asked, [], 'no address that a token names is asked')

  t.equal((await overHttp(`Bearer ${genuine}`)).status, 200)
  t.match(await overGrpc(`Bearer ${genuine}`), { answer: { stored: '1' } })
  const there = (await (
    await fetch(`${server.url}/xAPI/statements`, { headers: { authorization: password } })
  ).json()) as {
    statements: unknown[]
  }
  t.equal(there.statements.length, 2, 'only the genuine ones are stored')
  t.notMatch(server.log(), genuine, 'no token is in the log')
})

t.test('while the provider is silent, invented tokens keep no user of the auth file waiting', async (t) => {
  const provider = await startProvider(t)
  const { server, overHttp, overGrpc } = await start(t, provider)
  await overHttp(password)
  provider.answerBy(() => {})
  const tokens = await Promise.all(Array.from({ length: 20 }, (_, at) => forge(provider, { sub: `invented-${at}` })))
  const waiting = tokens.flatMap((token) => [overHttp(`Bearer ${token}`), overGrpc(`Bearer ${token}`)])
  const first = await Promise.race([
    Promise.any(waiting).then(() => 'a token'),
    Promise.all([overHttp(password), overGrpc(password), fetch(`${server.url}/__lbheartbeat__`)])
  ])
  if (!Array.isArray(first)) throw new Error('a token was answered first')
  const [http, grpc, heartbeat] = first
  t.match([http.status, grpc.error, heartbeat.status], [200, undefined, 200])
  const ends = await Promise.all(waiting)
  const codes = ends.map((end) => ('status' in end ? end.status : end.error?.code))
  t.same([...new Set(codes)].sort(), [status.UNAVAILABLE, 503].sort(), 'not their fault, and said so')
  provider.answerBy(undefined)
})
