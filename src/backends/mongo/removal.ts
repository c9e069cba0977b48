import type { Removal } from '../../storage/batching/engine.ts'
import { removeChunks } from './chunks.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { removeDescriptions } from './descriptions.ts'
import { inBatches } from './in-batches.ts'

/** A request with more ids than this would be too large. */
const maxIds = 10_000

const writeOptions = { maxTimeMS: timeLimits.write }
const readOptions = { maxTimeMS: timeLimits.read }

const removeAttachments = async (collections: Collections, sha2s: readonly string[]): Promise<void> => {
  const { attachments } = collections
  const which = { _id: { $in: [...sha2s] } }
  const found = await attachments.find(which, { projection: { parts: 1, size: 1 }, ...readOptions }).toArray()
  await removeChunks(collections, found)
  await attachments.deleteMany(which, writeOptions)
}

const removeStatements = async (collections: Collections, ids: readonly string[]): Promise<void> => {
  const { statements } = collections
  const which = { 'ralph.id': { $in: [...ids] } }
  const long = await statements
    .find({ ...which, 'ralph.parts': { $exists: true } }, { projection: { 'ralph.parts': 1 }, ...readOptions })
    .toArray()
  const texts = long.flatMap(({ ralph }) => (ralph !== undefined && 'parts' in ralph ? [ralph] : []))
  await removeChunks(collections, texts)
  // Also those that Python Ralph wrote: they have the same content.
  await statements.deleteMany(which, writeOptions)
}

/** Only the holder of the lease may call this. It may be repeated. */
export const remove = async (collections: Collections, removal: Removal): Promise<void> => {
  const ids = removal.statements.map(({ id }) => id)
  await inBatches(ids, maxIds, (some) => removeStatements(collections, some))
  await inBatches(removal.attachments, maxIds, (some) => removeAttachments(collections, some))
  await removeDescriptions(collections, removal)
}

const besides = [
  'MongoDB: the oplog and the journal have the old documents until they are overwritten, and free room of the files of ' +
    'collections may have them until `compact` or a new synchronization of each member',
  'MongoDB: documents that are not statements, or exist twice (ralph.refused), are not searched'
]

export const purge = async (): Promise<readonly string[]> => besides
