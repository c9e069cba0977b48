import type { FastifyBaseLogger } from 'fastify'
import type { Imports } from '../contracts/imports.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { RunningPart } from '../contracts/part.ts'
import type { RejectedRequests } from '../contracts/rejected-requests.ts'
import type { Uploads } from '../contracts/uploads.ts'
import type { Login } from '../identity/authenticator.ts'
import type { AuthenticatorChain } from '../identity/chain.ts'
import type { Principal } from '../identity/principal.ts'
import type { ServerSettings } from '../settings/settings.ts'
import type { Version } from '../xapi/version.ts'

/** What the server is built from; it opens none of it and closes none of it. */
export interface ServerDependencies {
  readonly settings: ServerSettings
  readonly backend: LrsBackend
  readonly authenticators: AuthenticatorChain
  readonly logger: FastifyBaseLogger
  /** Undefined: what is rejected is not kept. */
  readonly rejected?: RejectedRequests | undefined
  /** Undefined: this server does not work on imports. */
  readonly imports?: Imports | undefined
  /** Undefined: this server takes no uploads. */
  readonly uploads?: Uploads | undefined
  /** The parts that run beside the server, by name; undefined: there are none but the backend. */
  readonly parts?: () => ReadonlyMap<string, RunningPart>
  /** A fresh UUID. */
  readonly newId: () => string
  /** Of Ralph, for those who read the documentation. */
  readonly version: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The login in the header of HTTP Basic authentication. It is not verified yet. */
    login: Login | undefined
    /** Who is asking; set once the credentials are verified. */
    principal: Principal | undefined
    /** The version that serves this request; set once it is negotiated. */
    version: Version | undefined
  }
}
