import { type Collection, type Document, ObjectId } from 'mongodb'
import { objectIdOf } from './statement-document.ts'

/**
 * Tells without a request that no document of a collection has the id of a record, whatever its time. The last eight bytes of `_id` are a
 * digest of the record id. Most records are new, and a request for their ids takes as long as writing them. Documents that others write
 * meanwhile are not known here. The unique index of `_id` finds most of them.
 */
export interface SeenObjectIds {
  add(id: ObjectId): void
  /** False: certainly no document has it. */
  mayHave(id: ObjectId): boolean
}

/** A document of which only the key is read. */
export interface KeyDocument {
  readonly _id: ObjectId
}

/** 8 MiB. With four million known records, two of a thousand new ones are mistaken for known ones. */
const bits = 2 ** 26
const probes = 4

/** In a larger collection every id is looked up, because reading its digests would take too long. */
const most = 4_000_000

const createSeenObjectIds = (): SeenObjectIds => {
  const words = new Uint32Array(bits / 32)
  const bitAt = (bytes: Uint8Array, probe: number): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    // The digest is random, so two halves of it give any number of other digests.
    return (view.getUint32(4) + Math.imul(probe, view.getUint32(8) | 1)) & (bits - 1)
  }
  return {
    add: ({ id }) => {
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = bitAt(id, probe)
        words[bit >>> 5] = (words[bit >>> 5] ?? 0) | (1 << (bit & 31))
      }
    },
    mayHave: ({ id }) => {
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = bitAt(id, probe)
        if (((words[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false
      }
      return true
    }
  }
}

const allMayBeThere: SeenObjectIds = { add: () => {}, mayHave: () => true }

/** Documents that are checked for keys in the form of Python Ralph. */
const sample = 20

const isByRule = ({ _id, _source }: Document): boolean =>
  typeof _source?.id === 'string' &&
  _id instanceof ObjectId &&
  objectIdOf(_source.id, 0).toHexString().slice(8) === _id.toHexString().slice(8)

/** Reads the digests of all documents. */
export const readSeenObjectIds = async (collection: Collection<KeyDocument>): Promise<SeenObjectIds> => {
  if ((await collection.estimatedDocumentCount()) > most) return allMayBeThere
  const some = await collection.find<Document>({}, { projection: { '_source.id': 1 }, limit: sample }).toArray()
  if (!some.every(isByRule)) return allMayBeThere
  const digests = createSeenObjectIds()
  for await (const { _id } of collection.find({}, { projection: { _id: 1 }, batchSize: 50_000 })) {
    // Other programs than Ralph may have written here.
    if (_id instanceof ObjectId) digests.add(_id)
    else return allMayBeThere
  }
  return digests
}
