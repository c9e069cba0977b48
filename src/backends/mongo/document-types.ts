import type { Binary, ObjectId } from 'mongodb'
import type { Token } from '../../storage/batching/tokens.ts'
import type { Gap } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'

/** A change that a later batch made to a statement. Readers do not see it before that batch is committed. */
export interface Pending {
  /** The `last` of the batch. */
  readonly at: Micros
  /** Tokens that the batch added. */
  readonly tokens: readonly Token[]
}

/** The text of a statement: in the document, or in chunks when it is long. */
export interface StatementText {
  readonly id: StatementId
  readonly stored: Micros
  readonly text?: string
  readonly parts?: readonly ObjectId[]
  /** The size of the chunks together, in bytes. */
  readonly size?: number
}

/**
 * Our part of the document of a statement: its text, and everything that it is found by. Short statements use only types of JSON here,
 * because `ralph read` prints the document.
 */
export interface Relations extends StatementText {
  readonly tokens: readonly Token[]
  /** The session that wrote it: the id of its process in the lease, and the id of the session. */
  readonly turn: string
  readonly target?: StatementId
  readonly voiding?: true
  /** The `last` of the batch that voided it. Absent: it is not voided. */
  readonly voided?: Micros
  /** The latest changes. A change at or before `last` is settled. */
  readonly pending?: readonly Pending[]
  /** The number of changes. */
  readonly version?: number
  /** Python Ralph wrote the document. It may lose our relations, but it must never be removed. */
  readonly adopted?: true
}

/** A document of Python Ralph that is not a statement, or is a statement that exists already. */
export interface RefusedDocument {
  readonly refused: string
}

/** A document in the form of Python Ralph, with our relations beside the source. */
export interface StatementDocument {
  readonly _id: ObjectId
  readonly _source: object
  /** Absent if Python Ralph wrote the document and it is not adopted yet. */
  readonly ralph?: Relations | RefusedDocument
}

/** The document of the lease (storage/batching/lease.ts). null: no server holds the lease. */
export interface LeaseDocument {
  readonly _id: 'lease'
  readonly version: number
  readonly holder: string | null
  readonly wanted: string | null
  readonly writer: string | null
  readonly last: number
  /** Absent if an older version wrote it. */
  readonly through?: number
  readonly gaps?: readonly Gap[]
}

/** The merged definition of an Activity or the display of a Verb. */
export interface DescriptionDocument {
  /** The token of the IRI. IRIs are too long for keys. */
  readonly _id: string
  readonly iri: string
  /** JSON text, because the keys of extensions may be any text. */
  readonly text: string
  /** The `last` of the batch that wrote it. `before` is the text until then. */
  readonly at: number
  readonly before: string | null
}

export interface NameDocument {
  /** The digest of identifier and name. */
  readonly _id: string
  /** The digest of the identifier key. */
  readonly identifier: string
  readonly name: string
  /** The time when it was first seen. */
  readonly stored: number
}

/** Bytes: in the document, or in chunks when they are too many for one document. */
export interface Content {
  readonly content?: Binary | Uint8Array
  readonly parts?: readonly ObjectId[]
  readonly size: number
}

export interface AttachmentDocument extends Content {
  /** The SHA-2 digest. */
  readonly _id: string
}

export interface ChunkDocument {
  readonly _id: ObjectId
  readonly content: Binary | Uint8Array
}

/** A State or profile document. */
export interface DocumentDocument extends Content {
  /** The digest of its key. */
  readonly _id: string
  /** The digest of its scope without the registration. */
  readonly scope: string
  /** '' if it has no registration. */
  readonly registration: string
  readonly id: string
  readonly kind: string
  readonly activity: string
  readonly agent: string
  readonly contentType: string
  readonly etag: string
  readonly updated: number
  /** A new value after each change. */
  readonly version: ObjectId
}
