import type { Binary, ObjectId } from 'mongodb'
import type { Token } from '../../storage/batching/tokens.ts'
import type { Gap } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'

/** What a later batch has changed in a statement: nobody sees it before that batch is committed. */
export interface Pending {
  /** The `last` of the batch. */
  readonly at: Micros
  /** Tokens that it added. */
  readonly tokens: readonly Token[]
}

/** The text of a statement: here, or in parts where it is long. */
export interface StatementText {
  readonly id: StatementId
  readonly stored: Micros
  readonly text?: string
  readonly parts?: readonly ObjectId[]
  /** Bytes in the parts. */
  readonly size?: number
}

/**
 * What is ours in a statement's document: all that it is found by, and its text. Types of JSON only, but for very long
 * statements, for `ralph read` prints it.
 */
export interface Relations extends StatementText {
  readonly tokens: readonly Token[]
  /** Of the session that wrote it: its process, as the lease knows it, and its own. */
  readonly turn: string
  readonly target?: StatementId
  readonly voiding?: true
  /** The `last` of the batch from which on it is voided; absent: it is not. */
  readonly voided?: Micros
  /** The latest changes; what is older than `last` is settled. */
  readonly pending?: readonly Pending[]
  /** How often it was changed. */
  readonly version?: number
  /** The document is Ralph's: it may lose our relations, but never itself. */
  readonly adopted?: true
}

/** A document of Ralph's that is no statement, or one that is there already. */
export interface RefusedDocument {
  readonly refused: string
}

/** As Ralph writes it, with our relations beside. */
export interface StatementDocument {
  readonly _id: ObjectId
  readonly _source: object
  /** Absent until the document was taken in, if Ralph wrote it. */
  readonly ralph?: Relations | RefusedDocument
}

/** Of storage/batching/lease.ts; null: no server holds it. */
export interface LeaseDocument {
  readonly _id: 'lease'
  readonly version: number
  readonly holder: string | null
  readonly wanted: string | null
  readonly writer: string | null
  readonly last: number
  /** Absent where an older version wrote it. */
  readonly through?: number
  readonly gaps?: readonly Gap[]
}

/** What statements together say of an Activity or a Verb. */
export interface DescriptionDocument {
  /** Token of the IRI: IRIs are longer than keys should be. */
  readonly _id: string
  readonly iri: string
  /** JSON: keys of extensions may be anything. */
  readonly text: string
  /** The `last` of the batch that wrote it; what was there until then is `before`. */
  readonly at: number
  readonly before: string | null
}

export interface NameDocument {
  /** Digest of identifier and name. */
  readonly _id: string
  /** Digest of the identifier key. */
  readonly identifier: string
  readonly name: string
  /** When it was first seen. */
  readonly stored: number
}

/** Bytes: here, or in parts where they are too many for one document. */
export interface Content {
  readonly content?: Binary | Uint8Array
  readonly parts?: readonly ObjectId[]
  readonly size: number
}

export interface AttachmentDocument extends Content {
  /** SHA-2. */
  readonly _id: string
}

export interface ChunkDocument {
  readonly _id: ObjectId
  readonly content: Binary | Uint8Array
}

/** A State or profile document. */
export interface DocumentDocument extends Content {
  /** Digest of its key. */
  readonly _id: string
  /** Digest of its scope, the registration left out. */
  readonly scope: string
  /** '' for none. */
  readonly registration: string
  readonly id: string
  readonly kind: string
  readonly activity: string
  readonly agent: string
  readonly contentType: string
  readonly etag: string
  readonly updated: number
  /** Another one after each change. */
  readonly version: ObjectId
}
