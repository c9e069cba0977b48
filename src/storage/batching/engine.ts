import type { AttachmentContent, Descriptions, StoredStatement } from '../../contracts/statement-store.ts'
import type { Rewriting } from '../../contracts/store-rewriting.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Token } from './tokens.ts'

/**
 * What a database server must offer so that it can store statements. All writing is done in batches: statements of many concurrent requests
 * are looked up, planned and written together, by one process at a time. So a batch costs a few round trips, however many requests share
 * it. A batch is planned completely before anything is written (`plan.ts`). An engine only executes the plan.
 */
export interface BatchEngine {
  /**
   * Becomes the only writer of all processes, until the session ends. What an earlier session of any process left unfinished is undone, or
   * returned as `unfinished`. Rejects with `STORE_UNAVAILABLE` if the server is unreachable or another writer does not release the lease.
   */
  begin(): Promise<WriteSession>
}

/** A session of writing. Errors: `STORE_UNAVAILABLE`, `STORE_FULL`. Any other `RalphError` means that *content* was refused. */
export interface WriteSession {
  /** No statement has a later `stored`, and no reader was promised a later time. */
  readonly last: Micros
  /** No other process has written since the previous session of this one, so cached knowledge is still true. */
  readonly undisturbed: boolean
  /** Statements that a session wrote completely before it died. They count, but must be linked again. */
  readonly unfinished: readonly StatementId[]
  /** Up to date, whatever the engine shows to readers. */
  lookUp(ids: readonly StatementId[]): Promise<Lookup>
  /** The merged metadata of these Activities and Verbs. */
  describe(iris: { readonly activities: readonly string[]; readonly verbs: readonly string[] }): Promise<Descriptions>
  /**
   * Writes a batch. When it resolves, all of it is durable and visible to every reader. When it rejects, no reader may ever see a part of
   * it, and only `end` may follow.
   */
  write(batch: WriteBatch): Promise<void>
  /** Lets other processes write. It undoes what was not written, and never rejects. */
  end(): Promise<void>
}

/** A statement that is stored already. */
export interface PresentStatement extends StoredStatement {
  /** All tokens by which it is found, inherited ones included. */
  readonly tokens: readonly Token[]
  readonly target: StatementId | undefined
  /** It voids its target. */
  readonly voiding: boolean
  readonly voided: boolean
}

export interface Lookup {
  /** Those of the requested ids that are stored. */
  readonly present: ReadonlyMap<StatementId, PresentStatement>
  /** For each requested id, stored or not: the statements whose Object is a StatementRef to it, if any. */
  readonly referrers: ReadonlyMap<StatementId, readonly StatementId[]>
}

/** A statement to be written. */
export interface NewStatement extends PresentStatement {
  /** The parsed statement. Its `stored` may be missing; `text` has it. */
  readonly statement: Statement
}

/** The change of a stored statement. */
export interface ChangedStatement {
  readonly id: StatementId
  readonly stored: Micros
  /** The tokens that it now inherits in addition, and all that it has. */
  readonly added: readonly Token[]
  readonly tokens: readonly Token[]
  readonly voided: boolean
}

/** A name of an Agent that may be new. */
export interface FoundName {
  /** Identifier key. */
  readonly identifier: string
  readonly name: string
  /** When the name was first seen. */
  readonly stored: Micros
}

/** What is removed before anything is written. */
export interface Removal extends Pick<Rewriting, 'attachments' | 'agents' | 'activities' | 'verbs'> {
  readonly statements: readonly PresentStatement[]
}

/** All that a session writes. */
export interface WriteBatch extends Descriptions {
  /** Not earlier than any `stored` in it. It is `last` of the next session. */
  readonly last: Micros
  /** In the order of `stored`. */
  readonly statements: readonly NewStatement[]
  readonly changed: readonly ChangedStatement[]
  /** Each once. Some may be stored already. */
  readonly attachments: readonly AttachmentContent[]
  /** Each once. Some may be stored already. */
  readonly names: readonly FoundName[]
  /** Nothing unless given. */
  readonly removal?: Removal | undefined
}
