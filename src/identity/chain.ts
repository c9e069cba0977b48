import type { PartStatus } from '../contracts/part.ts'
import { RalphError } from '../errors.ts'
import type { Authenticator, PresentedCredentials } from './authenticator.ts'
import type { Principal } from './principal.ts'

/** All authenticators of this server. */
export interface AuthenticatorChain {
  /** The challenges of an answer 401, one for each scheme. */
  readonly challenges: readonly string[]
  /** The user with these credentials. Rejects with `UNAUTHENTICATED` if there is none, or `OVERLOADED`. */
  authenticate(credentials: PresentedCredentials): Promise<Principal>
  announce(): void
  /** The status of the first authenticator that is not well. */
  health(): Promise<PartStatus>
  close(): void
}

const unrecognized = (authenticators: readonly Authenticator[]): RalphError => {
  const schemes = [...new Set(authenticators.map(({ scheme }) => scheme))].join(' or ')
  return new RalphError('UNAUTHENTICATED', `Send the credentials of a user by HTTP ${schemes} authentication.`)
}

/**
 * Asks the authenticators in their order. The first one that recognises the credentials decides. If it refuses them, no other one is asked,
 * so that a wrong password is never tried as something else.
 */
export const chainAuthenticators = (authenticators: readonly Authenticator[]): AuthenticatorChain => ({
  challenges: [...new Set(authenticators.map(({ challenge }) => challenge))],
  authenticate: async (credentials) => {
    for (const authenticator of authenticators) {
      const principal = await authenticator.authenticate(credentials)
      if (principal !== undefined) return principal
    }
    throw unrecognized(authenticators)
  },
  announce: () => {
    for (const authenticator of authenticators) authenticator.announce?.()
  },
  health: async () => {
    const all = await Promise.all(authenticators.map((each) => each.health()))
    return all.find(({ state }) => state !== 'ok') ?? { state: 'ok' }
  },
  close: () => {
    for (const authenticator of authenticators) authenticator.close()
  }
})

/** A chain that asks this one first. It is opened and closed elsewhere. */
export const askFirst = (first: Authenticator, chain: AuthenticatorChain): AuthenticatorChain => ({
  ...chain,
  challenges: [...new Set([first.challenge, ...chain.challenges])],
  authenticate: async (credentials) => (await first.authenticate(credentials)) ?? chain.authenticate(credentials)
})
