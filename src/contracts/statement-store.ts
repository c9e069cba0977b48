import type { Position, StatementQuery } from '../xapi/filters.ts'
import type { ActivityDefinition, LanguageMap, Statement, StatementId } from '../xapi/statement.ts'
import type { Micros } from '../xapi/timestamp.ts'

/**
 * A statement that is ready to be stored: validated, with id, version and authority set by the LRS and
 * contextActivities as arrays. Only `stored`, and a missing `timestamp`, which equals it (Data §2.4.7), are open:
 * the store sets them, since only the store knows the order in which statements become visible.
 */
export interface IncomingStatement {
  /** Normalised (lower case). */
  readonly id: StatementId
  /** The parsed statement, without `stored`. */
  readonly statement: Statement
  /** Digests that it names and whose bytes did not come with it; none unless given. */
  readonly withoutBytes?: readonly string[]
  /** JSON text of the whole statement as it was sent, with everything the server assigns and this `stored`. */
  textAt(stored: string): string
}

/** The bytes of one attachment; `sha2` is the lower-case hexadecimal digest that names them. */
export interface AttachmentContent {
  readonly sha2: string
  readonly content: Uint8Array
}

/**
 * Counts what the statements of a request take over by StatementRef while they are stored: a few of them can hand the terms
 * of one statement to many, and those of a chain to each of its links.
 */
export interface Inheritance {
  /** The store begins with the batch, or begins again after it undid its work. */
  begin(): void
  /** Counts terms before they are handed on. `INVALID_STATEMENT` when the request takes over more than is allowed. */
  take(terms: number): void
}

/** What one request stores: all of it or nothing. */
export interface StatementBatch {
  readonly statements: readonly IncomingStatement[]
  readonly attachments: readonly AttachmentContent[]
  /** Whether the definitions of Activities, displays of Verbs and names of Agents in it may be learned (scope `define`). */
  readonly define: boolean
  /** What it teaches is kept for each Authority too, under `apartKey` (xapi/authority.ts). */
  readonly apart?: boolean
  /**
   * Who sends it has no say over statements of another Authority, and learns nothing of them: one that is there under
   * the same id is a `STATEMENT_CONFLICT` even if it is equal, and a voiding statement whose target is not there, or is
   * another's, is `FORBIDDEN` (`requireOwnTargets`).
   */
  readonly ownOnly?: boolean
  /** Unbounded unless given. */
  readonly inheritance?: Inheritance
}

export interface InsertReport {
  /** Ids stored by this call, in the order of the batch. */
  readonly inserted: readonly StatementId[]
  /** Ids that were already there with an equal statement (Data §2.3.1): no conflict, nothing changed. */
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

/** What is put around the texts of a page, so that it is in one piece and need not be copied once more. */
export interface PageFrame {
  readonly before: string
  /** `end` as in `TextPage`. */
  after(end: Position | undefined): string
}

/** A page for those who pass it on as it is: most readers do, and most of a read is copying. */
export interface TextPage {
  /**
   * UTF-8: the JSON texts of the statements, in order, with commas between them, in their frame. Nobody changes these
   * bytes: a store may hand out the same ones again.
   */
  readonly json: Uint8Array
  /** Of its statements. */
  readonly count: number
  /** The newest `stored` in it; undefined when it is empty. */
  readonly newest: Micros | undefined
  /** The last of its statements, after which more follow; undefined when none does. */
  readonly end: Position | undefined
}

/** What all statements of a store together say of Activities and Verbs, for `format=canonical` and /activities. */
export interface Descriptions {
  /** Activity IRI → merged definition; absent where no statement defined the Activity. */
  readonly definitions: ReadonlyMap<string, ActivityDefinition>
  /** Verb IRI → merged display. */
  readonly displays: ReadonlyMap<string, LanguageMap>
}

export interface CallOptions {
  /** Aborted when the client hung up: the store stops working on the call and rejects with the signal's reason. */
  readonly signal?: AbortSignal
}

export interface FollowOptions {
  /** Ends the iteration at once and without an error. */
  readonly signal: AbortSignal
  /** Statements of a batch at most, 100 unless given; one has no more than `maxPageSize` bytes, or a single statement. */
  readonly limit?: number
  /** False: the iteration ends after the last statement that is there. Default: true. */
  readonly waits?: boolean
}

export interface FollowedBatch {
  /** At least one, oldest first. */
  readonly statements: readonly StoredStatement[]
  /** The position of the last statement: a short ASCII string. Write it down, and give it to `follow` to go on. */
  readonly position: string
}

/**
 * Statements of one target, with what is derived from them. Errors: `STORE_FULL`, `STORE_UNAVAILABLE`,
 * and those named at a method; no driver error leaves a store.
 */
export interface StatementStore {
  /**
   * Stores a batch whole or not at all, durably before it resolves: statements, relations, voiding, attachments,
   * descriptions. Each statement gets a `stored` later than that of every statement visible before.
   * Voiding (Data §2.3.2) takes effect whichever of target and voiding statement comes first; a voiding statement is
   * never voided. An id that exists with an equal statement (`sameStatement`) is left as it is; with another one the
   * whole batch is refused with `STATEMENT_CONFLICT` (details: `statementId`).
   */
  insert(batch: StatementBatch, options?: CallOptions): Promise<InsertReport>
  /** By normalised id; `voided` says whether a voided or a not voided one is wanted, the other is not found. */
  find(
    id: StatementId,
    wanted: { readonly voided: boolean },
    options?: CallOptions
  ): Promise<StoredStatement | undefined>
  /**
   * In one question, those of the normalised ids that are there, each once, voided or not, in any order; no more than
   * `maxPageSize` bytes of them, or a single one. Where `more` is true, ask again for those that did not come.
   */
  findAll(ids: readonly StatementId[], options?: CallOptions): Promise<StatementPage>
  /** One page, ordered by (stored, id), of up to `limit` statements and `maxPageSize` bytes, none of them voided. */
  query(query: StatementQuery, options?: CallOptions): Promise<StatementPage>
  /** The same page as `query` answers, in one piece; `textPageOf` makes it where the store has no shorter way. */
  queryText(query: StatementQuery, frame: PageFrame, options?: CallOptions): Promise<TextPage>
  /**
   * All statements, voided and voiding ones too, in the order of `stored`, each exactly once: first those that are there
   * after the position (undefined: from the first on), then those that are stored while it lasts, by this process or
   * another. A reader that writes a position down, together with its work on the batch, can go on there after a crash,
   * in another process too. Nothing is read ahead: each batch is read when the reader asks for it.
   *
   * Some statements keep the `stored` of another place (`restoreStatements`, and what Python Ralph wrote into the same
   * index). Only a reader that has not passed this `stored` is given them.
   *
   * The next batch rejects with `INVALID_CURSOR` when the position is not valid, and with `STORE_UNAVAILABLE` when the
   * engine is away or the store is closed. The iteration then ends: call `follow` again with the last position.
   */
  follow(after: string | undefined, options: FollowOptions): AsyncIterable<FollowedBatch>
  /** All statements with `stored` up to and including this are visible to `query`, for ever. */
  consistentThrough(options?: CallOptions): Promise<Micros>
  /** Merged over all statements stored with `define`; under an `apartKey`, over those of one Authority. */
  describe(
    iris: { readonly activities: readonly string[]; readonly verbs: readonly string[] },
    options?: CallOptions
  ): Promise<Descriptions>
  /** Names under which statements know the Agent with this identifier key, or `apartKey`, oldest first. */
  agentNames(identifier: string, options?: CallOptions): Promise<readonly string[]>
}

/**
 * Attachments of one target; they are written with their statements, by `StatementStore.insert`. For each digest in
 * `withoutBytes` of a statement that is new, a mark is kept among them (xapi/attachments.ts).
 */
export interface AttachmentStore {
  /** Those of the digests, or marks, that are there, each once, in the order asked for. */
  read(sha2s: readonly string[], options?: CallOptions): AsyncIterable<AttachmentContent>
}
