import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import { type HttpAnswer, type HttpClient, textOf } from './http.ts'

export interface SwiftAccess {
  readonly authUrl: string
  readonly identityApiVersion: '3' | '2' | '2.0' | '1' | '1.0'
  readonly username: string | undefined
  readonly password: string | undefined
  readonly userDomainName: string
  readonly projectDomainName: string
  readonly tenantName: string | undefined
  readonly tenantId: string | undefined
  readonly regionName: string | undefined
}

/** The answer of the identity service to valid credentials. */
export interface Granted {
  readonly token: string
  /** The URL of the account. Undefined: there is none for that region, or no catalog. */
  readonly storageUrl: string | undefined
  readonly regions: readonly string[]
  /** In microseconds since 1970. Undefined: it does not tell. */
  readonly expires: number | undefined
}

const variables = 'RALPH_BACKENDS__DATA__SWIFT__'

const at = (value: unknown, ...keys: readonly string[]): unknown =>
  keys.reduce<unknown>(
    (inner, key) =>
      // An object that has this key.
      typeof inner === 'object' && inner !== null && key in inner ? (inner as Record<string, unknown>)[key] : undefined,
    value
  )

const listAt = (value: unknown, ...keys: readonly string[]): readonly unknown[] => {
  const found = at(value, ...keys)
  return Array.isArray(found) ? found : []
}

const textAt = (value: unknown, ...keys: readonly string[]): string | undefined => {
  const found = at(value, ...keys)
  return typeof found === 'string' ? found : undefined
}

const micros = (iso: string | undefined): number | undefined => {
  const time = Date.parse(iso ?? '')
  return Number.isNaN(time) ? undefined : time * 1000
}

interface Endpoint {
  readonly region: string
  readonly url: string
}

const endpointFor = (
  endpoints: readonly Endpoint[],
  wanted: string | undefined
): Pick<Granted, 'storageUrl' | 'regions'> => ({
  storageUrl: endpoints.find(({ region }) => wanted === undefined || region === wanted)?.url,
  regions: endpoints.map(({ region }) => region)
})

const objectStores = (catalogue: readonly unknown[]): readonly unknown[] =>
  catalogue.filter((service) => textAt(service, 'type') === 'object-store').flatMap((each) => listAt(each, 'endpoints'))

const withVersion = (authUrl: string, version: string): string =>
  new RegExp(`/${version}$`).test(authUrl) ? authUrl : `${authUrl.replace(/\/v[\d.]+$/, '')}/${version}`

const required = ({ username, password }: SwiftAccess): { readonly name: string; readonly password: string } => {
  if (username !== undefined && password !== undefined) return { name: username, password }
  const missing = [username === undefined ? 'USERNAME' : [], password === undefined ? 'PASSWORD' : []].flat()
  throw new RalphError(
    'UNAUTHENTICATED',
    `no credentials: set ${missing.map((each) => variables + each).join(' and ')}`
  )
}

/** Requests a token. Throws `UNAUTHENTICATED`, `INVALID_SETTING`, and errors of the network unchanged. */
export const authenticate = async (
  http: HttpClient,
  access: SwiftAccess,
  clock: Clock,
  signal: AbortSignal | undefined
): Promise<Granted> => {
  const { name, password } = required(access)
  const { identityApiVersion: version, tenantId, tenantName, regionName } = access

  const ask = async (url: string, method: string, more: object, body?: object): Promise<HttpAnswer> => {
    const { origin, pathname } = new URL(url)
    const headers = { accept: 'application/json', ...more, ...(body && { 'content-type': 'application/json' }) }
    const sent = body && Buffer.from(JSON.stringify(body))
    const answer = await http.send({ method, origin, path: pathname, headers, body: sent, signal })
    const { status } = answer
    if (status >= 200 && status < 300) return answer
    await textOf(answer)
    if (status === 401 || status === 403) {
      const others = version.startsWith('1') ? '' : ', the domains and the tenant'
      const message = `${url} rejects the credentials: check ${variables}USERNAME and ${variables}PASSWORD${others}`
      throw new RalphError('UNAUTHENTICATED', message, { status })
    }
    if (status >= 500 || status === 429) {
      throw new RalphError('STORE_UNAVAILABLE', `${url} answers ${status}: try again later`, { status })
    }
    const message = `${url} answers ${status}: check ${variables}AUTH_URL and ${variables}IDENTITY_API_VERSION (${version})`
    throw new RalphError('INVALID_SETTING', message, { status })
  }

  const jsonOf = async (answer: HttpAnswer, url: string): Promise<unknown> => {
    try {
      return JSON.parse(await textOf(answer))
    } catch (error) {
      signal?.throwIfAborted()
      const message = `${url} does not answer as an identity service: check ${variables}AUTH_URL`
      throw new RalphError('INVALID_SETTING', message, {}, { cause: error })
    }
  }

  const noToken = (url: string): RalphError =>
    new RalphError('INVALID_SETTING', `${url} returned no token: check ${variables}AUTH_URL`)

  if (version.startsWith('1')) {
    const user = name.includes(':') || tenantName === undefined ? name : `${tenantName}:${name}`
    const answer = await ask(access.authUrl, 'GET', { 'x-auth-user': user, 'x-auth-key': password })
    await textOf(answer)
    const { 'x-auth-token': token, 'x-storage-url': storageUrl, 'x-auth-token-expires': seconds } = answer.headers
    if (typeof token !== 'string' || typeof storageUrl !== 'string') throw noToken(access.authUrl)
    const expires = typeof seconds === 'string' ? clock() + Number(seconds) * 1_000_000 : undefined
    return { token, storageUrl: storageUrl.replace(/\/+$/, ''), regions: [], expires }
  }

  if (version.startsWith('2')) {
    const url = `${withVersion(access.authUrl, 'v2.0')}/tokens`
    const tenant = tenantId !== undefined ? { tenantId } : tenantName !== undefined ? { tenantName } : {}
    const body = { auth: { passwordCredentials: { username: name, password }, ...tenant } }
    const given = await jsonOf(await ask(url, 'POST', {}, body), url)
    const token = textAt(given, 'access', 'token', 'id')
    if (token === undefined) throw noToken(url)
    const endpoints = objectStores(listAt(given, 'access', 'serviceCatalog')).flatMap((each) => {
      const publicUrl = textAt(each, 'publicURL')
      return publicUrl === undefined ? [] : [{ region: textAt(each, 'region') ?? '', url: publicUrl }]
    })
    const expires = micros(textAt(given, 'access', 'token', 'expires'))
    return { token, ...endpointFor(endpoints, regionName), expires }
  }

  const url = `${withVersion(access.authUrl, 'v3')}/auth/tokens`
  const domain = { name: access.projectDomainName }
  const project =
    tenantId !== undefined ? { id: tenantId } : tenantName !== undefined ? { name: tenantName, domain } : undefined
  const user = { name, password, domain: { name: access.userDomainName } }
  const identity = { methods: ['password'], password: { user } }
  const body = { auth: { identity, ...(project === undefined ? {} : { scope: { project } }) } }
  const answer = await ask(url, 'POST', {}, body)
  const token = answer.headers['x-subject-token']
  const given = await jsonOf(answer, url)
  if (typeof token !== 'string') throw noToken(url)
  const endpoints = objectStores(listAt(given, 'token', 'catalog')).flatMap((each) => {
    const found = textAt(each, 'interface') === 'public' ? textAt(each, 'url') : undefined
    const region = textAt(each, 'region') ?? textAt(each, 'region_id') ?? ''
    return found === undefined ? [] : [{ region, url: found }]
  })
  return { token, ...endpointFor(endpoints, regionName), expires: micros(textAt(given, 'token', 'expires_at')) }
}
