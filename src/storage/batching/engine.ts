import type { AttachmentContent, Descriptions, StoredStatement } from '../../contracts/statement-store.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Token } from './tokens.ts'

/**
 * What a database server must offer so that statements can be kept on it. All writing is done in batches: what many
 * concurrent requests bring is looked up, planned and written together, by one process at a time, so that a batch
 * costs a few round trips however many requests share it. A batch is planned in full before anything of it is written
 * (`plan.ts`): an engine only carries out what a plan says.
 */
export interface BatchEngine {
  /**
   * Becomes the only writer, of all processes, until the session ends. What an earlier session left unfinished, of whichever
   * process, is undone or is handed over as `unfinished`. `STORE_UNAVAILABLE` when the server is out of reach or
   * another writer does not make way.
   */
  begin(): Promise<WriteSession>
}

/** A session of writing. Errors: `STORE_UNAVAILABLE`, `STORE_FULL`; another `RalphError` says that *content* was refused. */
export interface WriteSession {
  /** No statement has been given, and nobody was promised, a `stored` later than this. */
  readonly last: Micros
  /** Nobody else has written since the previous session of this process ended: what was remembered still holds. */
  readonly undisturbed: boolean
  /** Statements that were written whole by a session that died before its end: they count, but must be linked again. */
  readonly unfinished: readonly StatementId[]
  /** Up to date, whatever the engine shows to others and when. */
  lookUp(ids: readonly StatementId[]): Promise<Lookup>
  /** What is known so far of these Activities and Verbs. */
  describe(iris: { readonly activities: readonly string[]; readonly verbs: readonly string[] }): Promise<Descriptions>
  /**
   * Writes a batch, whole and durable when it resolves: from then on every reader sees all of it. When it rejects, no
   * reader may ever see part of it, and the session is over but for `end`.
   */
  write(batch: WriteBatch): Promise<void>
  /** Lets others write; undoes what was not written. Never rejects. */
  end(): Promise<void>
}

/** A statement that is there already. */
export interface PresentStatement extends StoredStatement {
  /** All by which it is found, inherited ones included. */
  readonly tokens: readonly Token[]
  readonly target: StatementId | undefined
  /** It voids its target. */
  readonly voiding: boolean
  readonly voided: boolean
}

export interface Lookup {
  /** Those that were asked for and are there. */
  readonly present: ReadonlyMap<StatementId, PresentStatement>
  /** For each id that was asked for, there or not: the statements whose Object is a StatementRef to it, if any. */
  readonly referrers: ReadonlyMap<StatementId, readonly StatementId[]>
}

/** A statement to be written. */
export interface NewStatement extends PresentStatement {
  /** Parsed; `stored` may be missing in it, `text` has it. */
  readonly statement: Statement
}

/** What changes in a statement that is there. */
export interface ChangedStatement {
  readonly id: StatementId
  readonly stored: Micros
  /** Tokens that it now inherits in addition, and all that it has. */
  readonly added: readonly Token[]
  readonly tokens: readonly Token[]
  readonly voided: boolean
}

/** A name of an Agent that may be new. */
export interface FoundName {
  /** Identifier key. */
  readonly identifier: string
  readonly name: string
  /** When it was first seen. */
  readonly stored: Micros
}

/** All that a session writes. */
export interface WriteBatch extends Descriptions {
  /** Later than, or equal to, every `stored` in it; the `last` of the next session. */
  readonly last: Micros
  /** In the order of `stored`. */
  readonly statements: readonly NewStatement[]
  readonly changed: readonly ChangedStatement[]
  /** Each once; some may be there already. */
  readonly attachments: readonly AttachmentContent[]
  /** Each once; some may be there already. */
  readonly names: readonly FoundName[]
}
