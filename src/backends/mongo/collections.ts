import type { Binary, Collection, ObjectId } from 'mongodb'
import type { Connection, Database } from './connect.ts'
import type { CollectionNames } from './settings.ts'
import type { StatementDocument } from './statement-document.ts'

/** `rounds/lease.ts`; null: nobody. */
export interface LeaseDocument {
  readonly _id: 'lease'
  readonly version: number
  readonly holder: string | null
  readonly wanted: string | null
  readonly writer: string | null
  readonly last: number
}

/** What statements together say of an Activity or a Verb. */
export interface DescriptionDocument {
  /** Token of the IRI: IRIs are longer than keys should be. */
  readonly _id: string
  readonly iri: string
  /** JSON: keys of extensions may be anything. */
  readonly text: string
  /** The `last` of the round that wrote it; what was there until then is `before`. */
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

export interface PartDocument {
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

/** The collections of one target. */
export interface Collections {
  readonly names: CollectionNames
  readonly latest: Database['latest']
  readonly statements: Collection<StatementDocument>
  readonly lease: Collection<LeaseDocument>
  readonly descriptions: Collection<DescriptionDocument>
  readonly agentNames: Collection<NameDocument>
  readonly attachments: Collection<AttachmentDocument>
  readonly parts: Collection<PartDocument>
  readonly documents: Collection<DocumentDocument>
}

export const openCollections = async (connection: Connection, names: CollectionNames): Promise<Collections> => {
  const { db, latest } = await connection.open()
  return {
    names,
    latest,
    statements: db.collection(names.statements),
    lease: db.collection(names.lease),
    descriptions: db.collection(names.descriptions),
    agentNames: db.collection(names.names),
    attachments: db.collection(names.attachments),
    parts: db.collection(names.parts),
    documents: db.collection(names.documents)
  }
}
