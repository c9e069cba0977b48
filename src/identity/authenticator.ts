import type { PartStatus } from '../contracts/part.ts'
import type { Principal } from './principal.ts'

/** The name and the password of HTTP Basic authentication (RFC 7617). */
export interface Login {
  readonly username: string
  readonly password: string
}

/** The credentials of a request. */
export interface PresentedCredentials {
  /** The header Authorization (RFC 9110 §11.6.2) as it was sent. Undefined if the request has none. */
  readonly authorization: string | undefined
  /** The login in the header. Undefined if the header does not have the scheme Basic. */
  readonly login: Login | undefined
  /** The source of the request. Each source gets its share of the time for verification. */
  readonly source: string
  /** The address of the client. Behind a trusted proxy it is the one that the proxy names. Undefined: it is not known. */
  readonly address?: string | undefined
  /** The origin of the page that sends the request (RFC 6454 §7). Undefined: a program sends it, or the page need not say it. */
  readonly origin?: string | undefined
}

/** One way to authenticate the sender of a request, such as HTTP Basic authentication. */
export interface Authenticator {
  /** The name of the scheme, as at the beginning of the header Authorization. */
  readonly scheme: string
  /** The challenge of the scheme, for WWW-Authenticate (RFC 9110 §11.6.1). */
  readonly challenge: string
  /**
   * The user with these credentials. Undefined: this scheme does not recognise them, and the next one is asked. Rejects with
   * `UNAUTHENTICATED` if the scheme recognises them and they are wrong, `FORBIDDEN` if they are right and may not be used here, `OVERLOADED` if there is no time to verify them now.
   */
  authenticate(credentials: PresentedCredentials): Promise<Principal | undefined>
  /** Logs what an operator should know of the users. It is called when the server listens. */
  announce?(): void
  /** The health. `degraded`: it works with older information. */
  health(): Promise<PartStatus>
  /** Forgets everything. It may be called twice. */
  close(): void
}
