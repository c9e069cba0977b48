import type { Collection } from 'mongodb'
import type { Connection, OpenDatabase } from './connect.ts'
import type {
  AttachmentDocument,
  ChunkDocument,
  DescriptionDocument,
  DocumentDocument,
  LeaseDocument,
  NameDocument,
  StatementDocument
} from './document-types.ts'
import type { CollectionNames } from './names.ts'

/** The collections of one target. */
export interface Collections {
  readonly names: CollectionNames
  readonly latest: OpenDatabase['latest']
  readonly statements: Collection<StatementDocument>
  readonly lease: Collection<LeaseDocument>
  readonly descriptions: Collection<DescriptionDocument>
  readonly agentNames: Collection<NameDocument>
  readonly attachments: Collection<AttachmentDocument>
  readonly parts: Collection<ChunkDocument>
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
