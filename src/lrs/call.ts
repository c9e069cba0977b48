import type { LrsStore } from '../contracts/lrs-backend.ts'
import type { Principal } from '../identity/principal.ts'
import type { TrustedKey } from '../xapi/signature.ts'
import type { Version } from '../xapi/version.ts'

/** What an operator decided about the LRS, apart from any door to it. */
export interface LrsRules {
  /** Default and maximum of `limit`. */
  readonly maxSearchHits: number
  /** Most statements that one request may bring. */
  readonly maxStatements: number
  /** Most bytes of one statement. */
  readonly maxStatementSize: number
  /** Most keys of one statement, at every depth together. */
  readonly maxStatementKeys: number
  /** Most arrays and objects within each other. */
  readonly maxStatementDepth: number
  /** Most terms that the statements of one request take over by StatementRef. */
  readonly maxInheritedTerms: number
  /** Most bytes of a document, merged ones included. */
  readonly maxDocumentSize: number
  /** Most top-level keys of a document that is merged. */
  readonly maxDocumentKeys: number
  readonly restrictByAuthority: boolean
  readonly restrictByScopes: boolean
  /** Query parameters of unknown names are passed over instead of refused. */
  readonly ignoreUnknownParameters: boolean
  /** Keys that verify signatures which carry no certificate; none: such signatures are only compared. */
  readonly trustedKeys: readonly TrustedKey[]
}

/** One request to the LRS, after its credentials and its version are known: what every use-case is given first. */
export interface Call {
  readonly principal: Principal
  readonly version: Version
  /** The store of the principal's target. */
  readonly store: LrsStore
  readonly rules: LrsRules
  /** A fresh UUID. */
  readonly newId: () => string
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}
