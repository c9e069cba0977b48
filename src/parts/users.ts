import type { Clock } from '../contracts/clock.ts'
import type { Part } from '../contracts/part.ts'
import { openAuthenticators } from '../identity/authenticators.ts'
import type { AuthenticatorChain } from '../identity/chain.ts'
import type { IdentitySettings } from '../settings/settings.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createLoginLog } from '../telemetry/login-log.ts'

/** The users who may log in. */
export const usersPart = (settings: IdentitySettings, clock: Clock, log: Logger): Part<AuthenticatorChain> => ({
  name: 'users',
  start: async () => {
    const logins = createLoginLog(log)
    const authenticators = await openAuthenticators(settings, { clock, log, onRefused: logins.failed })
    return {
      service: authenticators,
      stop: async () => {
        authenticators.close()
        logins.close()
      },
      health: () => authenticators.health()
    }
  }
})
