import type { Metadata } from '@grpc/grpc-js'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import { RalphError } from '../errors.ts'
import type { Login } from '../identity/authenticator.ts'
import type { AuthenticatorChain } from '../identity/chain.ts'
import { type Principal, requireScopeOf, rulesFor, type Scope } from '../identity/principal.ts'
import type { Call, LrsRules } from '../lrs/call.ts'
import type { ServerSettings } from '../settings/settings.ts'
import { negotiateVersion, type Version } from '../xapi/version.ts'
import { firstOf } from './metadata.ts'
import type { RunningCall } from './running-call.ts'

export interface Doorkeeping {
  readonly settings: ServerSettings
  readonly rules: LrsRules
  readonly authenticators: AuthenticatorChain
  readonly backend: LrsBackend
  readonly newId: () => string
}

/** The name and the password of Basic authentication (RFC 7617); undefined: the text is of another scheme, or malformed. */
const loginIn = (authorization: string | undefined): Login | undefined => {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(authorization ?? '')?.[1]
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon === -1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** Calls whose user was asked for before their first message was read: a wrong password is verified, and counted, once. */
const asked = new WeakMap<Metadata, Promise<Principal>>()

/** The user whose credentials a call carries. `UNAUTHENTICATED` */
export const userOf = (
  { metadata, source, address }: Pick<RunningCall, 'metadata' | 'source' | 'address'>,
  { authenticators }: Pick<Doorkeeping, 'authenticators'>
): Promise<Principal> => {
  const authorization = firstOf(metadata, 'authorization')
  const found =
    asked.get(metadata) ??
    authenticators.authenticate({ authorization, login: loginIn(authorization), source, address })
  asked.set(metadata, found)
  return found
}

/** The user of a call, who has the scope where scopes are enforced. `UNAUTHENTICATED`, `FORBIDDEN` */
export const authenticate = async (
  call: RunningCall,
  scope: Scope,
  { authenticators, rules }: Doorkeeping
): Promise<Principal> => {
  const principal = await userOf(call, { authenticators })
  call.username = principal.username
  requireScopeOf(principal, scope, rules)
  return principal
}

const versionOf = ({ metadata }: RunningCall, settings: ServerSettings): Version => {
  const named = firstOf(metadata, 'x-experience-api-version')
  if (named !== undefined) return negotiateVersion(named)
  if (!settings.requireVersionHeader) return settings.defaultVersion
  throw new RalphError('INVALID_VERSION', 'The metadata x-experience-api-version is missing.')
}

/** What a use-case is given first, as HTTP gives it: the user, the version, the store of the user's target. */
export const callOf = async (running: RunningCall, scope: Scope, door: Doorkeeping): Promise<Call> => {
  const principal = await authenticate(running, scope, door)
  const version = versionOf(running, door.settings)
  const store = await door.backend.store(principal.target)
  return {
    principal,
    version,
    store,
    rules: rulesFor(principal, door.rules),
    newId: door.newId,
    signal: running.signal
  }
}
