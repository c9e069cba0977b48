import type { Clock } from '../contracts/clock.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { Part, PartContext } from '../contracts/part.ts'
import { messageOf } from '../errors.ts'
import { type Access, openAccess } from '../identity/access/open.ts'
import { type AuthenticatorChain, askFirst } from '../identity/chain.ts'
import type { IdentitySettings } from '../settings/settings.ts'
import type { Logger } from '../telemetry/logger.ts'
import { createLoginLog } from '../telemetry/login-log.ts'

export interface AccessPartOptions {
  readonly settings: IdentitySettings
  readonly database: Part<LrsBackend>
  readonly clock: Clock
  readonly log: Logger
}

/** Milliseconds between two removals of expired tokens. They are refused as soon as they expire. */
const pause = 600_000

/** Keys of programs and tokens of content, which the store keeps. */
export const accessPart = ({ settings, database, clock, log }: AccessPartOptions): Part<Access> => ({
  name: 'keys',
  start: async ({ use }) => {
    const backend = use(database)
    const logins = createLoginLog(log)
    const access = openAccess({
      documents: async () => (await backend.store()).documents,
      cacheMaxSize: settings.cacheMaxSize,
      clock,
      log,
      onRefused: logins.failed
    })
    const sweeping = setInterval(() => {
      access.sweep().catch((error: unknown) => log.warn(`Expired tokens could not be removed: ${messageOf(error)}`))
    }, pause).unref()
    return {
      service: access,
      stop: async () => {
        clearInterval(sweeping)
        access.authenticator.close()
        logins.close()
      },
      health: () => access.authenticator.health()
    }
  }
})

export interface LoginParts {
  readonly users: Part<AuthenticatorChain>
  /** Undefined: keys are not accepted. */
  readonly access: Part<Access> | undefined
}

/** All ways to log in. Keys come first: they are recognised by their form, and a name like theirs is never tried as a password. */
export const authenticatorsOf = (use: PartContext['use'], { users, access }: LoginParts): AuthenticatorChain =>
  access === undefined ? use(users) : askFirst(use(access).authenticator, use(users))
