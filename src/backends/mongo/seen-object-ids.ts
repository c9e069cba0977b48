import { type Collection, type Document, ObjectId } from 'mongodb'
import { objectIdOf } from './statement-document.ts'

/**
 * Tells without a request that no document of a collection has the id of a record, whatever its time: the last eight
 * bytes of `_id` are a digest of it. Most records that come are new, and a request for their ids takes as long as
 * writing them. What others write meanwhile is not known here; the unique `_id` finds most of that.
 */
export interface SeenObjectIds {
  add(id: ObjectId): void
  /** False: no document has it, for certain. */
  mayHave(id: ObjectId): boolean
}

/** A document of which only the key matters. */
export interface KeyDocument {
  readonly _id: ObjectId
}

/** 8 MiB: of four million known records, two of a thousand new ones are taken for known ones. */
const bits = 2 ** 26
const probes = 4

/** Of a larger collection every id is asked for: its digests would take long to read. */
const most = 4_000_000

const createSeenObjectIds = (): SeenObjectIds => {
  const words = new Uint32Array(bits / 32)
  const bitAt = (bytes: Uint8Array, probe: number): number => {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    // The digest is random: two halves of it make any number of others.
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

/** Documents that are looked at to see whether their keys are made by Ralph's rule. */
const sample = 20

const isByRule = ({ _id, _source }: Document): boolean =>
  typeof _source?.id === 'string' &&
  _id instanceof ObjectId &&
  objectIdOf(_source.id, 0).toHexString().slice(8) === _id.toHexString().slice(8)

/** Reads the digests of all that is there. */
export const readSeenObjectIds = async (collection: Collection<KeyDocument>): Promise<SeenObjectIds> => {
  if ((await collection.estimatedDocumentCount()) > most) return allMayBeThere
  const some = await collection.find<Document>({}, { projection: { '_source.id': 1 }, limit: sample }).toArray()
  if (!some.every(isByRule)) return allMayBeThere
  const digests = createSeenObjectIds()
  for await (const { _id } of collection.find({}, { projection: { _id: 1 }, batchSize: 50_000 })) {
    // Others than Ralph may have written here.
    if (_id instanceof ObjectId) digests.add(_id)
    else return allMayBeThere
  }
  return digests
}
