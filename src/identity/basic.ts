import { RalphError } from '../errors.ts'
import type { Authenticator } from './authenticator.ts'
import type { Passwords } from './passwords.ts'

/**
 * HTTP Basic authentication (RFC 7617) with the users of the auth file.
 * @param onRefused called after every login with a wrong name or password
 */
export const basicAuthenticator = (
  passwords: Passwords,
  onRefused: (username: string, source: string) => void
): Authenticator => ({
  scheme: 'Basic',
  challenge: 'Basic realm="Ralph LRS", charset="UTF-8"',
  authenticate: async ({ login, source }) => {
    if (login === undefined) return undefined
    const principal = await passwords.verify(login.username, login.password, source)
    if (principal !== undefined) return principal
    onRefused(login.username, source)
    throw new RalphError('UNAUTHENTICATED', 'Username or password is wrong.')
  },
  announce: passwords.announce,
  health: passwords.health,
  close: passwords.close
})
