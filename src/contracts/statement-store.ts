import type { Position, StatementQuery } from '../xapi/filters.ts'
import type { ActivityDefinition, LanguageMap, Statement, StatementId } from '../xapi/statement.ts'
import type { Micros } from '../xapi/timestamp.ts'

/**
 * A statement that is ready to be stored: validated, with id, version and authority set by the LRS, and contextActivities as arrays.
 * `stored` is missing, and perhaps `timestamp`, which is then equal to it (Data §2.4.7). The store sets them, because only the store knows
 * the order in which statements become visible.
 */
export interface IncomingStatement {
  /** Normalised (lower case). */
  readonly id: StatementId
  /** The parsed statement, without `stored`. */
  readonly statement: Statement
  /** The digests that it names and whose bytes did not come with it. None unless given. */
  readonly withoutBytes?: readonly string[]
  /** The JSON text of the whole statement as it was sent, with all that the server sets and this `stored`. */
  textAt(stored: string): string
}

/** The bytes of one attachment; `sha2` is the lower-case hexadecimal digest that names them. */
export interface AttachmentContent {
  readonly sha2: string
  readonly content: Uint8Array
}

/**
 * Counts the terms that the statements of a request inherit by StatementRef. A few statements can pass the terms of one statement to many
 * others, or along a chain.
 */
export interface Inheritance {
  /** The store begins with the batch, or begins again after an undo. */
  begin(): void
  /** Counts terms before they are inherited. Throws `INVALID_STATEMENT` if the request inherits more than allowed. */
  take(terms: number): void
}

/** What one request stores, completely or not at all. */
export interface StatementBatch {
  readonly statements: readonly IncomingStatement[]
  readonly attachments: readonly AttachmentContent[]
  /** Whether definitions of Activities, displays of Verbs and names of Agents in it may be merged into the metadata (scope `define`). */
  readonly define: boolean
  /** The metadata is also kept for each Authority, under `apartKey` (xapi/authority.ts). */
  readonly apart?: boolean
  /**
   * The sender has no rights over statements of another Authority and learns nothing of them. A stored statement with the same id is a
   * `STATEMENT_CONFLICT` even if it is equal. A voiding statement whose target is missing, or belongs to another Authority, is `FORBIDDEN`
   * (`requireOwnTargets`).
   */
  readonly ownOnly?: boolean
  /** Unlimited unless given. */
  readonly inheritance?: Inheritance
}

export interface InsertReport {
  /** The ids stored by this call, in the order of the batch. */
  readonly inserted: readonly StatementId[]
  /** The ids that existed already with an equal statement (Data §2.3.1). This is no conflict, and nothing changed. */
  readonly already: readonly StatementId[]
}

/** A statement as the store keeps it. */
export interface StoredStatement {
  /** Normalised (lower case). */
  readonly id: StatementId
  readonly stored: Micros
  /** JSON text, complete. */
  readonly text: string
}

export interface StatementPage {
  readonly statements: readonly StoredStatement[]
  /** Whether at least one more statement follows now. */
  readonly more: boolean
}

/** The text around the statements of a page, so that the page is made in one piece and need not be copied again. */
export interface PageFrame {
  readonly before: string
  /** `end` as in `TextPage`. */
  after(end: Position | undefined): string
}

/** A page for callers that pass it on unchanged. Most do, and copying is most of the cost of a read. */
export interface TextPage {
  /**
   * UTF-8: the JSON texts of the statements, in order, with commas between them, in their frame. Nobody may modify these bytes: a store may
   * return the same ones again.
   */
  readonly json: Uint8Array
  /** The number of its statements. */
  readonly count: number
  /** The newest `stored` in it. Undefined if it is empty. */
  readonly newest: Micros | undefined
  /** The last of its statements, if more follow. Otherwise undefined. */
  readonly end: Position | undefined
}

/** The merged metadata of Activities and Verbs in a store, for `format=canonical` and /activities. */
export interface Descriptions {
  /** Activity IRI → merged definition. Missing if no statement defined the Activity. */
  readonly definitions: ReadonlyMap<string, ActivityDefinition>
  /** Verb IRI → merged display. */
  readonly displays: ReadonlyMap<string, LanguageMap>
}

export interface CallOptions {
  /** Aborted when the client hung up. The store then stops working on the call and rejects with the reason of the signal. */
  readonly signal?: AbortSignal
}

export interface FollowOptions {
  /** Ends the iteration at once and without an error. */
  readonly signal: AbortSignal
  /** The most statements of a batch, 100 unless given. A batch has at most `maxPageSize` bytes, or a single statement. */
  readonly limit?: number
  /** False: the iteration ends after the last stored statement. Default: true. */
  readonly waits?: boolean
}

export interface FollowedBatch {
  /** At least one, oldest first. */
  readonly statements: readonly StoredStatement[]
  /** The position of the last statement: a short ASCII string. Write it down, and pass it to `follow` to continue. */
  readonly position: string
}

/**
 * The statements of one target, with what is derived from them. Errors: `STORE_FULL`, `STORE_UNAVAILABLE`, and those named at a method. No
 * error of a driver leaves a store.
 */
export interface StatementStore {
  /**
   * Stores a batch completely or not at all, durably before it resolves: statements, relations, voiding, attachments, metadata. Each
   * statement gets a `stored` later than that of every statement visible before. Voiding (Data §2.3.2) works whichever of target and
   * voiding statement comes first. A voiding statement is never voided. An id that exists with an equal statement (`sameStatement`) is left
   * unchanged. If it exists with another one, the whole batch is refused with `STATEMENT_CONFLICT` (details: `statementId`).
   */
  insert(batch: StatementBatch, options?: CallOptions): Promise<InsertReport>
  /** By normalised id. `voided` says whether a voided or a not voided statement is wanted; the other one is not found. */
  find(
    id: StatementId,
    wanted: { readonly voided: boolean },
    options?: CallOptions
  ): Promise<StoredStatement | undefined>
  /**
   * In one query, the statements with these normalised ids that exist, each once, voided or not, in any order. At most `maxPageSize` bytes
   * of them, or a single one. If `more` is true, ask again for the missing ones.
   */
  findAll(ids: readonly StatementId[], options?: CallOptions): Promise<StatementPage>
  /** One page, ordered by (stored, id), of up to `limit` statements and `maxPageSize` bytes, without voided ones. */
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
  /** The same page as from `query`, in one piece. `textPageOf` makes it if the store has no faster way. */
  queryText(query: StatementQuery, frame: PageFrame, options?: CallOptions): Promise<TextPage>
  /**
   * All statements, also voided and voiding ones, in the order of `stored`, each exactly once. First those after the position (undefined:
   * from the first one), then those that this or another process stores while the iteration lasts. A reader that writes a position down,
   * together with its work on the batch, can continue there after a crash, in another process too. Nothing is read in advance: each batch
   * is read when the reader asks for it.
   *
   * Some statements keep the `stored` of another store (`restoreStatements`, and what Python Ralph wrote into the same index). A reader
   * that has passed this time does not get them.
   *
   * The next batch rejects with `INVALID_CURSOR` if the position is not valid, and with `STORE_UNAVAILABLE` if the engine is unreachable or
   * the store is closed. The iteration then ends: call `follow` again with the last position.
   */
  follow(after: string | undefined, options: FollowOptions): AsyncIterable<FollowedBatch>
  /** All statements with `stored` up to and including this time are visible to `query`, now and later. */
  consistentThrough(options?: CallOptions): Promise<Micros>
  /** Merged over all statements stored with `define`. Under an `apartKey`, over those of one Authority. */
  describe(
    iris: { readonly activities: readonly string[]; readonly verbs: readonly string[] },
    options?: CallOptions
  ): Promise<Descriptions>
  /** The names of the Agent with this identifier key, or `apartKey`, in statements, oldest first. */
  agentNames(identifier: string, options?: CallOptions): Promise<readonly string[]>
}

/**
 * The attachments of one target. `StatementStore.insert` writes them with their statements. For each digest in `withoutBytes` of a new
 * statement, a mark is kept among them (xapi/attachments.ts).
 */
export interface AttachmentStore {
  /** The attachments with these digests or marks that exist, each once, in the order of the request. */
  read(sha2s: readonly string[], options?: CallOptions): AsyncIterable<AttachmentContent>
}
