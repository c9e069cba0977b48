import type { StatementId } from '../xapi/statement.ts'
import type { CallOptions, StoredStatement } from './statement-store.ts'

/** What a store is to forget, and what it is to keep in the place of it. What does not exist is passed over. */
export interface Rewriting {
  /** Normalised ids. */
  readonly removed: readonly StatementId[]
  /**
   * Each takes the place of the statement with its id, with its own `stored`, or is stored if there is none. It inherits anew from what it
   * refers to. A statement that refers to a removed or rewritten one must be rewritten too, with its present text if that need not change.
   */
  readonly rewritten: readonly StoredStatement[]
  /** Digests of attachments, and marks (xapi/attachments.ts). */
  readonly attachments: readonly string[]
  /** The Agents, Activities and Verbs whose names and descriptions are forgotten: identifier keys and IRIs, or an `apartKey` of one. */
  readonly agents: readonly string[]
  readonly activities: readonly string[]
  readonly verbs: readonly string[]
}

/**
 * Changes what was stored, for the sake of a person or because its time is over. xAPI has no such request: statements are immutable for its
 * clients (docs/decisions.md). Errors are those of `StatementStore`.
 */
export interface StoreRewriting {
  /**
   * Durable before it resolves. Readers see each statement as it was, as it will be, or, on an engine without transactions, not at all for a
   * moment. A voiding statement is removed only together with what it voids. After a failure, calling it again completes it.
   */
  rewrite(rewriting: Rewriting, options?: CallOptions): Promise<void>
  /**
   * Overwrites what `rewrite` has removed, as far as the engine can: nothing of it is left in its files. It may take long, and others may
   * have to wait. Returns what is left to do for the operator, as sentences.
   */
  purge(options?: CallOptions): Promise<readonly string[]>
}
