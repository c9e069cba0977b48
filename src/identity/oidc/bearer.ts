import { hash as digestOf } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../contracts/clock.ts'
import type { Log } from '../../contracts/log.ts'
import { RalphError } from '../../errors.ts'
import type { OidcSettings } from '../../settings/settings.ts'
import type { Authenticator } from '../authenticator.ts'
import { createLoginQueue } from '../login-queue.ts'
import type { Principal } from '../principal.ts'
import { type Claims, principalOf } from './claims.ts'
import { introspect } from './introspection.ts'
import { connectProvider, type Provider, reasonOf } from './provider.ts'
import { verifyToken } from './signed-token.ts'

export interface BearerOptions {
  readonly settings: OidcSettings
  /** Tokens that are remembered. */
  readonly cacheMaxSize: number
  readonly clock: Clock
  readonly log: Log
  /** Told of every token that is refused. */
  readonly onRefused: (username: string, source: string) => void
}

/** Tokens that are verified at the same time; each may have to wait for the provider. */
const mostAtOnce = 64

/** Tokens that wait for that. Anybody can invent tokens, so the sources take turns. */
const mostWaiting = 256

/** How long a refusal is remembered, in milliseconds: a client that errs, errs in a loop. */
const refusalTtl = 10_000

/** RFC 6750 §2.1; undefined: the header is of another scheme. */
const tokenIn = (authorization: string | undefined): string | undefined => {
  const found = /^Bearer(?: +(.*?))? *$/i.exec(authorization ?? '')
  if (found === null) return undefined
  const token = found[1] ?? ''
  if (/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) return token
  throw new RalphError('UNAUTHENTICATED', 'The header Authorization has no token behind Bearer.')
}

const claimsOf = (token: string, provider: Provider, settings: OidcSettings, clock: Clock): Promise<Claims> => {
  const { client } = settings
  return client === undefined
    ? verifyToken(token, provider, settings, clock)
    : introspect(token, provider, { ...settings, client }, clock)
}

/** Milliseconds for which an accepted token is remembered: never beyond its own end. */
const lifetime = ({ exp }: Claims, cacheTtl: number, clock: Clock): number => {
  const left = typeof exp === 'number' ? exp * 1000 - clock() / 1000 : Number.POSITIVE_INFINITY
  return Math.floor(Math.min(cacheTtl * 1000, left))
}

/** The tokens of an OpenID Connect provider (RFC 6750), as Python Ralph accepts them. */
export const bearerAuthenticator = ({
  settings,
  cacheMaxSize,
  clock,
  log,
  onRefused
}: BearerOptions): Authenticator => {
  const provider = connectProvider(settings)
  // To `LRUCache` 0 means without limit.
  const size = Math.max(1, cacheMaxSize)
  const accepted = new LRUCache<string, Principal>({ max: size })
  const refused = new LRUCache<string, RalphError>({ max: size, ttl: refusalTtl })
  const underway = new Map<string, Promise<Principal>>()
  const inTurn = createLoginQueue({ atOnce: mostAtOnce, waiting: mostWaiting, what: 'tokens' })

  const verify = async (token: string, key: string): Promise<Principal> => {
    try {
      const found = await provider.open()
      const claims = await claimsOf(token, found, settings, clock)
      const principal = principalOf(found.metadata.issuer, claims, settings)
      const ttl = cacheMaxSize === 0 ? 0 : lifetime(claims, settings.cacheTtl, clock)
      if (ttl > 0) accepted.set(key, principal, { ttl })
      provider.note(undefined)
      return principal
    } catch (error) {
      if (!(error instanceof RalphError)) throw error
      if (error.code === 'UNAUTHENTICATED') refused.set(key, error)
      else provider.note(reasonOf(error))
      throw error
    }
  }

  /** Concurrent requests with the same token are one question. */
  const verifyOnce = (token: string, key: string, source: string): Promise<Principal> => {
    const present = underway.get(key)
    if (present !== undefined) return present
    const attempt = { source, username: key, known: false }
    const verification = inTurn(attempt, () => verify(token, key)).finally(() => underway.delete(key))
    underway.set(key, verification)
    return verification
  }

  return {
    scheme: 'Bearer',
    challenge: 'Bearer realm="Ralph LRS"',
    authenticate: async ({ authorization, source }) => {
      const token = tokenIn(authorization)
      if (token === undefined) return undefined
      // What is remembered of a token must not be a token.
      const key = digestOf('sha256', token, 'base64')
      const known = accepted.get(key)
      if (known !== undefined) return known
      const refusal = refused.get(key)
      try {
        if (refusal !== undefined) throw refusal
        return await verifyOnce(token, key, source)
      } catch (error) {
        if (error instanceof RalphError && error.code === 'UNAUTHENTICATED') onRefused('a token', source)
        throw error
      }
    },
    announce: () => {
      if (settings.audience.length > 0) return
      log.warn(
        `Tokens of ${settings.issuer} are accepted whichever application they are meant for: set RALPH_RUNSERVER_AUTH_OIDC_AUDIENCE`
      )
    },
    health: async () => {
      await provider.open().catch(() => {})
      const problem = provider.problem()
      if (problem === undefined) return { state: 'ok' }
      return {
        state: 'degraded',
        detail: `${settings.issuer}: ${problem}`,
        hint: 'the identity provider does not answer as it should; users of the auth file can log in'
      }
    },
    close: () => {
      accepted.clear()
      refused.clear()
    }
  }
}
