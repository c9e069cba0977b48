import type { PartStatus } from '../contracts/part.ts'
import type { Principal } from './principal.ts'

/** The name and the password of HTTP Basic authentication (RFC 7617). */
export interface Login {
  readonly username: string
  readonly password: string
}

/** The credentials of a request. */
export interface PresentedCredentials {
  /** The header Authorization (RFC 9110 §11.6.2) as it was sent. Undefined when the request has none. */
  readonly authorization: string | undefined
  /** The login in the header. Undefined when the header is not of the scheme Basic. */
  readonly login: Login | undefined
  /** Where the request comes from: each source gets its share of the time that verifying takes. */
  readonly source: string
}

/** One way to say who sends a request, such as HTTP Basic authentication. */
export interface Authenticator {
  /** The name of the scheme, as the header Authorization begins with it. */
  readonly scheme: string
  /** The challenge of the scheme, as WWW-Authenticate names it (RFC 9110 §11.6.1). */
  readonly challenge: string
  /**
   * The user whose credentials these are; undefined: this scheme does not recognize them, so the next one is asked.
   * `UNAUTHENTICATED` when the scheme recognizes them and they are wrong; `OVERLOADED` when there is no time to verify
   * them now.
   */
  authenticate(credentials: PresentedCredentials): Promise<Principal | undefined>
  /** Says in the log, once the server listens, what an operator should know of the users. */
  announce?(): void
  /** How it is; `degraded` when it works with what it knew before. */
  health(): Promise<PartStatus>
  /** Forgets everything. May be called twice. */
  close(): void
}
