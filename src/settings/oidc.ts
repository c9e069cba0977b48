import { setting, type Values } from './define.ts'
import { choice, integer, json, type Kind, list, text, url } from './kinds.ts'
import type { Reader } from './read.ts'
import type { OidcSettings } from './settings.ts'

export const authBackends = ['basic', 'keys', 'oidc'] as const
export type AuthBackend = (typeof authBackends)[number]

const anyAuthBackend = choice(authBackends)

/** At least one way to log in, each once. */
const authBackendList: Kind<readonly AuthBackend[]> = {
  placeholder: 'names',
  expected: `one or more of ${authBackends.join(', ')}, separated by commas`,
  parse: (value) => {
    const names = list(text, 'names').parse(value)?.map(anyAuthBackend.parse)
    if (names === undefined || names.length === 0 || !names.every((name) => name !== undefined)) return undefined
    return [...new Set(names)]
  }
}

export const oidcGroup = {
  backends: setting('RUNSERVER_AUTH_BACKENDS', {
    kind: authBackendList,
    default: ['basic', 'keys'],
    defaultText: 'basic,keys',
    description:
      'How clients may log in: `basic` (the auth file), `keys` (keys of programs and tokens of content, which the store keeps), `oidc` (tokens of an OpenID Connect provider).'
  }),
  issuer: setting('RUNSERVER_AUTH_OIDC_ISSUER_URI', {
    kind: url,
    default: undefined,
    description: 'The provider whose tokens are accepted; Ralph reads its `/.well-known/openid-configuration`.'
  }),
  audience: setting('RUNSERVER_AUTH_OIDC_AUDIENCE', {
    kind: list(text, 'audiences'),
    default: [],
    defaultText: 'any',
    description: 'Tokens must be for one of these audiences.'
  }),
  clientId: setting('RUNSERVER_AUTH_OIDC_CLIENT_ID', {
    kind: text,
    default: undefined,
    description: 'With the secret: Ralph asks the provider about each token (introspection), so tokens may be opaque.'
  }),
  clientSecret: setting('RUNSERVER_AUTH_OIDC_CLIENT_SECRET', {
    kind: text,
    default: undefined,
    secret: true,
    description: 'The secret of RALPH_RUNSERVER_AUTH_OIDC_CLIENT_ID.'
  }),
  scopeClaim: setting('RUNSERVER_AUTH_OIDC_SCOPE_CLAIM', {
    kind: text,
    default: 'scope',
    description: 'The claim with the scopes of a token: words in one string, or a list.'
  }),
  scopeMap: setting('RUNSERVER_AUTH_OIDC_SCOPE_MAP', {
    kind: json,
    default: undefined,
    description:
      'The scopes that words of the provider stand for, as JSON: `{"teacher": ["statements/read", "profile/read"]}`.'
  }),
  targetClaim: setting('RUNSERVER_AUTH_OIDC_TARGET_CLAIM', {
    kind: text,
    default: 'target',
    description: 'The claim with the target of the user.'
  }),
  cacheTtl: setting('AUTH_OIDC_CACHE_TTL', {
    kind: integer(0, 86_400),
    default: 60,
    description: 'Seconds for which an accepted token is not verified again; a revoked token is accepted for this long.'
  })
}

const readScopeMap = (map: object | undefined, reader: Reader): ReadonlyMap<string, readonly string[]> => {
  const read = new Map<string, readonly string[]>()
  for (const [word, meant] of Object.entries(map ?? {})) {
    const scopes: unknown = typeof meant === 'string' ? meant.split(/[\s,]+/) : meant
    if (Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string')) read.set(word, scopes)
    else reader.refuse(`RALPH_RUNSERVER_AUTH_OIDC_SCOPE_MAP: ${JSON.stringify(word)} must have a list of scopes`)
  }
  return read
}

/** Undefined: tokens are not accepted. Problems are reported to the reader. */
export const readOidc = (values: Values<typeof oidcGroup>, reader: Reader): OidcSettings | undefined => {
  const { backends, issuer, clientId, clientSecret, scopeMap, ...rest } = values
  if (!backends.includes('oidc')) return undefined
  if (issuer === undefined) {
    reader.refuse('RALPH_RUNSERVER_AUTH_BACKENDS contains oidc, which needs RALPH_RUNSERVER_AUTH_OIDC_ISSUER_URI')
    return undefined
  }
  if ((clientId === undefined) !== (clientSecret === undefined)) {
    reader.refuse(
      'RALPH_RUNSERVER_AUTH_OIDC_CLIENT_ID and RALPH_RUNSERVER_AUTH_OIDC_CLIENT_SECRET belong together: set both or none'
    )
  }
  const client =
    clientId === undefined || clientSecret === undefined ? undefined : { id: clientId, secret: clientSecret }
  return Object.freeze({ ...rest, issuer, client, scopeMap: readScopeMap(scopeMap, reader) })
}
