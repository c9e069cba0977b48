import type { FastifyBaseLogger } from 'fastify'
import type { Forwardings } from '../contracts/forwardings.ts'
import type { Imports } from '../contracts/imports.ts'
import type { LrsBackend } from '../contracts/lrs-backend.ts'
import type { RunningPart } from '../contracts/part.ts'
import type { RejectedRequests } from '../contracts/rejected-requests.ts'
import type { Uploads } from '../contracts/uploads.ts'
import type { Access } from '../identity/access/open.ts'
import type { Login } from '../identity/authenticator.ts'
import type { AuthenticatorChain } from '../identity/chain.ts'
import type { Principal } from '../identity/principal.ts'
import type { ServerSettings } from '../settings/settings.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Version } from '../xapi/version.ts'

/** What the server is built from. The caller opens and closes all of it. */
export interface ServerDependencies {
  readonly settings: ServerSettings
  readonly backend: LrsBackend
  readonly authenticators: AuthenticatorChain
  readonly logger: FastifyBaseLogger
  /** Undefined: keys are not accepted. */
  readonly access?: Access | undefined
  /** Undefined: rejected requests are not kept. */
  readonly rejected?: RejectedRequests | undefined
  /** Undefined: this server does not run imports. */
  readonly imports?: Imports | undefined
  /** Undefined: this server does not forward statements. */
  readonly forwardings?: Forwardings | undefined
  /** Undefined: this server accepts no uploads. */
  readonly uploads?: Uploads | undefined
  /** The parts that run beside the server, by name. Undefined: there is none except the backend. */
  readonly parts?: () => ReadonlyMap<string, RunningPart>
  /** Undefined: nobody is told of requests. */
  readonly telemetry?: Telemetry | undefined
  /** Returns a new UUID. */
  readonly newId: () => string
  /** The version of Ralph, for the documentation. */
  readonly version: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The login in the header of HTTP Basic authentication, not verified yet. */
    login: Login | undefined
    /** The authenticated user. Set after the credentials are verified. */
    principal: Principal | undefined
    /** The version that serves this request. Set after it is negotiated. */
    version: Version | undefined
  }
}
