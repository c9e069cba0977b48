import type { Clock } from '../contracts/clock.ts'
import type { Log } from '../contracts/log.ts'
import type { IdentitySettings } from '../settings/settings.ts'
import type { Authenticator } from './authenticator.ts'
import { basicAuthenticator } from './basic.ts'
import { type AuthenticatorChain, chainAuthenticators } from './chain.ts'
import { openPasswords, type PasswordOptions } from './passwords.ts'

export interface IdentityContext {
  readonly clock: Clock
  readonly log: Log
  /** Called after every login with a wrong name or password, and after every token that is refused. */
  readonly onRefused: (username: string, source: string) => void
  readonly passwords?: PasswordOptions
}

type Opener = (settings: IdentitySettings, context: IdentityContext) => Promise<Authenticator | undefined>

const openBasic: Opener = async (settings, { log, onRefused, passwords }) =>
  settings.basic ? basicAuthenticator(await openPasswords(settings, log, passwords), onRefused) : undefined

const openBearer: Opener = async ({ oidc, cacheMaxSize }, { clock, log, onRefused }) => {
  if (oidc === undefined) return undefined
  const { bearerAuthenticator } = await import('./oidc/bearer.ts')
  return bearerAuthenticator({ settings: oidc, cacheMaxSize, clock, log, onRefused })
}

/** In the order in which they are asked. */
const openers: readonly Opener[] = [openBasic, openBearer]

/** Opens every authenticator of the settings, in their order. Throws `INVALID_AUTH_FILE`. */
export const openAuthenticators = async (
  settings: IdentitySettings,
  context: IdentityContext
): Promise<AuthenticatorChain> => {
  const opened = await Promise.all(openers.map((open) => open(settings, context)))
  return chainAuthenticators(opened.filter((authenticator) => authenticator !== undefined))
}
