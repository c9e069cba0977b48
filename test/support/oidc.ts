import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWK } from 'jose'
import Provider, { type Configuration } from 'oidc-provider'
import type { Test } from 'tap'

/** A client of the provider that asks for tokens in its own name, and one that asks about tokens. */
const program = { id: 'lms', secret: 'secret-of-lms' }
export const lrs = { id: 'ralph', secret: 'secret-of-ralph' }

export interface TestProvider {
  readonly issuer: string
  /** An access token; `format` says whether it is a JSON Web Token or an opaque text. */
  token(wanted?: { readonly audience?: string; readonly scope?: string }): Promise<string>
  revoke(token: string): Promise<void>
  /** Questions it was asked, by their paths. */
  readonly asked: ReadonlyMap<string, number>
  /** Answers every request by this instead, until it is called with undefined. */
  answerBy(answer: ((request: IncomingMessage, response: ServerResponse) => void) | undefined): void
  /** Signs with another key from now on, which has another name. The old one is not published any more. */
  rotate(): Promise<void>
  /** The private key that it signs with, for forgeries. */
  readonly key: () => JWK
  stop(): Promise<void>
}

const scopes = ['statements/read', 'statements/write', 'all', 'teacher']

const newKey = async (kid: string): Promise<JWK> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  return { ...(await exportJWK(privateKey)), kid, use: 'sig', alg: 'RS256' }
}

const configuration = (key: JWK, format: 'jwt' | 'opaque'): Configuration => ({
  jwks: { keys: [key] },
  cookies: { keys: ['a key of the tests'] },
  clients: [program, lrs].map(({ id, secret }) => ({
    client_id: id,
    client_secret: secret,
    grant_types: ['client_credentials'],
    redirect_uris: [],
    response_types: []
  })),
  scopes: ['openid', ...scopes],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: { enabled: true, allowedPolicy: () => true },
    revocation: { enabled: true, allowedPolicy: () => true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:default',
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: scopes.join(' '),
        audience: resource.replace('urn:', ''),
        accessTokenFormat: format,
        accessTokenTTL: 300,
        jwt: { sign: { alg: 'RS256' } }
      })
    }
  }
})

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const basic = ({ id, secret }: typeof program): string => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`

/** A real provider of OpenID Connect, in this process. */
export const startProvider = async (t: Test, format: 'jwt' | 'opaque' = 'jwt'): Promise<TestProvider> => {
  const asked = new Map<string, number>()
  let instead: ((request: IncomingMessage, response: ServerResponse) => void) | undefined
  let key = await newKey('first')
  let handle: (request: IncomingMessage, response: ServerResponse) => void = () => {}
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    asked.set(path, (asked.get(path) ?? 0) + 1)
    const answer = instead ?? handle
    answer(request, response)
  })
  const issuer = await listen(server)
  const serve = (): void => {
    handle = new Provider(issuer, configuration(key, format)).callback()
  }
  serve()
  const post = async (path: string, form: Readonly<Record<string, string>>) => {
    const answer = await fetch(`${issuer}${path}`, {
      method: 'POST',
      headers: { authorization: basic(program) },
      body: new URLSearchParams(form)
    })
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
    return answer
  }
  const stop = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  t.teardown(stop)
  return {
    issuer,
    asked,
    key: () => key,
    stop,
    token: async ({ audience = 'ralph', scope = 'all' } = {}) => {
      const answer = await post('/token', { grant_type: 'client_credentials', scope, resource: `urn:${audience}` })
      return ((await answer.json()) as { access_token: string }).access_token
    },
    revoke: async (token) => {
      await post('/token/revocation', { token })
    },
    answerBy: (answer) => {
      instead = answer
    },
    rotate: async () => {
      key = await newKey('second')
      serve()
    }
  }
}
