import type { Log } from '../contracts/log.ts'
import type { IdentitySettings } from '../settings/settings.ts'
import { basicAuthenticator } from './basic.ts'
import { type AuthenticatorChain, chainAuthenticators } from './chain.ts'
import { openPasswords, type PasswordOptions } from './passwords.ts'

export interface IdentityContext {
  readonly log: Log
  /** Called after every login with a wrong name or password. */
  readonly onRefused: (username: string, source: string) => void
  readonly passwords?: PasswordOptions
}

/** Opens every authenticator of the settings, in their order. Throws `INVALID_AUTH_FILE`. */
export const openAuthenticators = async (
  settings: IdentitySettings,
  { log, onRefused, passwords }: IdentityContext
): Promise<AuthenticatorChain> =>
  chainAuthenticators([basicAuthenticator(await openPasswords(settings, log, passwords), onRefused)])
