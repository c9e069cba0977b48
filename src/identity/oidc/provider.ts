import type { createRemoteJWKSet, JWTVerifyGetKey } from 'jose'
import type { AuthorizationServer } from 'oauth4webapi'
import { messageOf, RalphError } from '../../errors.ts'
import type { OidcSettings } from '../../settings/settings.ts'
import { boundedFetch } from './bounded-fetch.ts'

/** An OpenID Connect provider, as its own configuration describes it. */
export interface Provider {
  readonly metadata: AuthorizationServer
  /** Finds the public key of a token. Keys are fetched when a token needs one that is not known. */
  readonly keys: JWTVerifyGetKey
  /** Fetches the keys anew if they are old. Nobody waits for it: until they are here, the old ones serve. */
  renewKeys(): void
}

export interface ProviderConnection {
  /** The provider; its configuration is read once, when it is first needed. `IDENTITY_PROVIDER_UNAVAILABLE` */
  open(): Promise<Provider>
  /** What was wrong with its last answer; undefined: nothing, or it was never asked. */
  problem(): string | undefined
  /** Notes that it answered as it should (undefined), or what was wrong. */
  note(problem: string | undefined): void
}

/** Milliseconds after which keys are fetched anew, so that keys that were withdrawn are forgotten. */
const keysAreOld = 600_000

/** Milliseconds for which keys serve while the provider does not answer. */
const keysServe = 3_600_000

/** Milliseconds for which a provider that failed is not asked for its configuration again. */
const pauseAfterFailure = 5000

/** The error of whoever needs the provider now. The hint names no host: it is for anybody. */
export const unavailable = (cause: unknown): RalphError =>
  cause instanceof RalphError
    ? cause
    : new RalphError(
        'IDENTITY_PROVIDER_UNAVAILABLE',
        'The identity provider does not answer as it should, so this token cannot be verified now.',
        { retryAfter: Math.ceil(pauseAfterFailure / 1000) },
        { cause }
      )

/** What was wrong with an answer, and what lies under it. */
export const reasonOf = (error: unknown): string => {
  const cause = error instanceof Error && error.cause instanceof Error ? `: ${messageOf(error.cause)}` : ''
  return `${messageOf(error)}${cause}`
}

const providerFrom = (
  metadata: AuthorizationServer,
  keySet: ReturnType<typeof createRemoteJWKSet>,
  note: ProviderConnection['note']
): Provider => {
  let fetched = performance.now()
  return {
    metadata,
    keys: keySet,
    renewKeys: () => {
      const now = performance.now()
      if (now - fetched < keysAreOld || keySet.reloading) return
      fetched = now
      keySet.reload().then(
        () => note(undefined),
        (error: unknown) => note(`its keys cannot be fetched: ${reasonOf(error)}`)
      )
    }
  }
}

/** Reads the configuration of the provider (OpenID Connect Discovery 1.0 §4). */
const discover = async ({ issuer }: OidcSettings, note: ProviderConnection['note']): Promise<Provider> => {
  const [{ createRemoteJWKSet, customFetch: keysFetch }, oauth] = await Promise.all([
    import('jose'),
    import('oauth4webapi')
  ])
  const url = new URL(issuer)
  const response = await oauth.discoveryRequest(url, {
    [oauth.customFetch]: boundedFetch,
    // The operator has named an issuer without TLS.
    [oauth.allowInsecureRequests]: url.protocol === 'http:'
  })
  const metadata = await oauth.processDiscoveryResponse(url, response)
  if (metadata.jwks_uri === undefined) throw new Error('its configuration has no jwks_uri')
  const keySet = createRemoteJWKSet(new URL(metadata.jwks_uri), { cacheMaxAge: keysServe, [keysFetch]: boundedFetch })
  return providerFrom(metadata, keySet, note)
}

/** Nothing is asked yet: the server starts though the provider is away. */
export const connectProvider = (settings: OidcSettings): ProviderConnection => {
  let provider: Promise<Provider> | undefined
  let failedAt: number | undefined
  let problem: string | undefined
  const note = (found: string | undefined): void => {
    problem = found
  }
  const open = async (): Promise<Provider> => {
    try {
      const found = await discover(settings, note)
      note(undefined)
      return found
    } catch (error) {
      failedAt = performance.now()
      note(`its configuration at ${settings.issuer}/.well-known/openid-configuration: ${reasonOf(error)}`)
      throw unavailable(error)
    }
  }
  return {
    open: () => {
      if (failedAt !== undefined && performance.now() - failedAt > pauseAfterFailure) {
        provider = undefined
        failedAt = undefined
      }
      provider ??= open()
      return provider
    },
    problem: () => problem,
    note
  }
}
