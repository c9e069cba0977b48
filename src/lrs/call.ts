import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { Principal } from '../identity/principal.ts'
import type { TrustedKey } from '../xapi/signature.ts'
import type { Version } from '../xapi/version.ts'

/** What an operator decided about the LRS, for HTTP and gRPC alike. */
export interface LrsRules {
  /** Default and maximum of `limit`. */
  readonly maxSearchHits: number
  /** The most statements of one request. */
  readonly maxStatements: number
  /** The most bytes of one statement. */
  readonly maxStatementSize: number
  /** The most keys of one statement, at every depth together. */
  readonly maxStatementKeys: number
  /** The most nested arrays and objects. */
  readonly maxStatementDepth: number
  /** The most terms that the statements of one request may inherit by StatementRef. */
  readonly maxInheritedTerms: number
  /** The most bytes of a document, also after merging. */
  readonly maxDocumentSize: number
  /** The most top-level keys of a document that is merged. */
  readonly maxDocumentKeys: number
  readonly restrictByAuthority: boolean
  readonly restrictByScopes: boolean
  /** Unknown query parameters are ignored instead of refused. */
  readonly ignoreUnknownParameters: boolean
  /** Keys for signatures without a certificate. If there is none, only the payload of such signatures is checked. */
  readonly trustedKeys: readonly TrustedKey[]
}

/** One request to the LRS, with known credentials and version. It is the first argument of every use-case. */
export interface Call {
  readonly principal: Principal
  readonly version: Version
  /** The store of the principal's target. */
  readonly store: LrsStore
  readonly rules: LrsRules
  /** Returns a new UUID. */
  readonly newId: () => string
  /** Aborted when the client no longer waits for the answer. */
  readonly signal: AbortSignal
}
