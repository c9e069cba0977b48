import type { AuthorizationServer, Client, IntrospectionResponse } from 'oauth4webapi'
import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import type { OidcSettings } from '../../settings/settings.ts'
import { boundedFetch } from './bounded-fetch.ts'
import type { Claims } from './claims.ts'
import { type Provider, unavailable } from './provider.ts'
import { verifySignature } from './signed-token.ts'

const refuse = (message: string): never => {
  throw new RalphError('UNAUTHENTICATED', message)
}

const optionsFor = async ({ issuer }: AuthorizationServer) => {
  const { allowInsecureRequests, customFetch } = await import('oauth4webapi')
  return { [customFetch]: boundedFetch, [allowInsecureRequests]: issuer.startsWith('http:') }
}

const requireAcceptable = (
  { active, aud, iss, exp, nbf }: IntrospectionResponse,
  { issuer }: AuthorizationServer,
  audience: readonly string[],
  now: number
): void => {
  if (!active) refuse('The token is not valid, or not any more.')
  if (iss !== undefined && iss !== issuer) refuse('The token is of another issuer.')
  if (exp !== undefined && exp <= now) refuse('The token has expired.')
  if (nbf !== undefined && nbf > now + 10) refuse('The token is not valid yet.')
  const meantFor = typeof aud === 'string' ? [aud] : (aud ?? [])
  if (audience.length > 0 && !meantFor.some((each) => audience.includes(each))) {
    refuse('The token is not meant for this server.')
  }
}

/** Statuses of a token that may not be used to ask for its user, such as one without the scope `openid`. */
const withoutUser = [401, 403]

/** What the provider says of the user (OpenID Connect Core 1.0 §5.3), as JSON or as a signed token. */
const userInfo = async (token: string, subject: string, provider: Provider, client: Client): Promise<Claims> => {
  const { metadata } = provider
  if (metadata.userinfo_endpoint === undefined) return {}
  const oauth = await import('oauth4webapi')
  const response = await oauth.userInfoRequest(metadata, client, token, await optionsFor(metadata))
  if (withoutUser.includes(response.status)) return {}
  if (response.headers.get('content-type')?.startsWith('application/jwt') !== true) {
    return { ...(await oauth.processUserInfoResponse(metadata, client, subject, response)) }
  }
  const claims = await verifySignature(await response.text(), provider)
  return claims.sub === subject ? claims : refuse('The identity provider names another user for the token.')
}

/**
 * The claims of any token, of which the provider is asked (RFC 7662): the token may be opaque, and is refused once it was
 * revoked. `UNAUTHENTICATED` says why it is refused; `IDENTITY_PROVIDER_UNAVAILABLE` when the provider does not answer.
 */
export const introspect = async (
  token: string,
  provider: Provider,
  { audience, client: credentials }: OidcSettings & { readonly client: NonNullable<OidcSettings['client']> },
  clock: Clock
): Promise<Claims> => {
  const { metadata } = provider
  const oauth = await import('oauth4webapi')
  const client = { client_id: credentials.id }
  try {
    const response = await oauth.introspectionRequest(
      metadata,
      client,
      oauth.ClientSecretBasic(credentials.secret),
      token,
      await optionsFor(metadata)
    )
    const found = await oauth.processIntrospectionResponse(metadata, client, response)
    requireAcceptable(found, metadata, audience, clock() / 1_000_000)
    const user = found.sub === undefined ? {} : await userInfo(token, found.sub, provider, client)
    return { ...user, ...found }
  } catch (error) {
    throw unavailable(error)
  }
}
