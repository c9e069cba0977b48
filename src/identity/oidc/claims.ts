import { RalphError } from '../../errors.ts'
import type { OidcSettings } from '../../settings/settings.ts'
import { isTarget, targetRule } from '../../settings/target.ts'
import { isScope, type Principal, type Scope } from '../principal.ts'

/** What a token, or the provider, says of its user: names as in OpenID Connect Core 1.0 §5.1 and RFC 7662 §2.2. */
export type Claims = Readonly<Record<string, unknown>>

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)

/** Words in one text (RFC 6749 §3.3), or a list of words. */
const wordsOf = (value: unknown): readonly string[] => {
  if (typeof value === 'string') return value.split(/\s+/).filter((word) => word !== '')
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : []
}

/** Words that are no scopes here are for other applications of the provider, such as `openid`. */
const scopesOf = (claims: Claims, { scopeClaim, scopeMap }: OidcSettings): readonly Scope[] => [
  ...new Set(
    wordsOf(claims[scopeClaim])
      .flatMap((word) => scopeMap.get(word) ?? [word])
      .filter(isScope)
  )
]

/**
 * What may stand in a URI stays as it is, so that the authority is the one of Python Ralph. A percent sign does not: two subjects would
 * have one name.
 */
const asUriPart = (text: string): string => {
  if (text.isWellFormed()) return encodeURI(text)
  throw new RalphError('UNAUTHENTICATED', 'The token names somebody by a text that is not valid Unicode.')
}

/** Behind it stands the name of an application. No subject may begin so, for it would be taken for an application. */
const applications = 'application/'

/** A user has a subject. What has none is an application that acts for itself. */
const nameIn = (issuer: string, claims: Claims): string => {
  const subject = textOf(claims.sub)
  if (subject?.startsWith(applications) === true) {
    throw new RalphError('UNAUTHENTICATED', `The token has a subject that begins with ${applications}.`)
  }
  if (subject !== undefined) return `${issuer}/${asUriPart(subject)}`
  const client = textOf(claims.client_id) ?? textOf(claims.azp)
  if (client !== undefined) return `${issuer}/${applications}${asUriPart(client)}`
  throw new RalphError('UNAUTHENTICATED', 'The token names neither a subject nor a client.')
}

const targetOf = (claims: Claims, { targetClaim }: OidcSettings): string | undefined => {
  const target = claims[targetClaim]
  if (target === undefined || target === null || target === '') return undefined
  if (typeof target === 'string' && isTarget(target)) return target
  throw new RalphError('UNAUTHENTICATED', `The claim ${targetClaim} of the token must be ${targetRule}.`)
}

/**
 * The user whose claims these are. The Agent is `{"openid": "ISSUER/SUBJECT"}` as in Python Ralph; its name is that of the
 * user too, and no user of the auth file can have it, because it has a colon. `UNAUTHENTICATED` when the claims name
 * nobody.
 */
export const principalOf = (issuer: string, claims: Claims, settings: OidcSettings): Principal => {
  const name = nameIn(issuer, claims)
  const target = targetOf(claims, settings)
  return {
    username: name,
    agent: { objectType: 'Agent', openid: name },
    scopes: scopesOf(claims, settings),
    ...(target === undefined ? {} : { target })
  }
}
