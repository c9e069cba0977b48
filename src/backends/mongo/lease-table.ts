import {
  freshRecord,
  type LeaseTable,
  leaseDocumentOf,
  recordIn,
  type VersionedRecord
} from '../../storage/batching/lease-record.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { isDuplicateKey, translating } from './errors.ts'
import { isTakenIn } from './statement-document.ts'

const _id = 'lease'

/** Where nothing is known of how far it is written, what is there counts. */
const lastWritten = async ({ statements }: Collections): Promise<Micros> => {
  const latest = await statements
    .find({ 'ralph.stored': { $gt: 0 } }, { projection: { _id: 0, 'ralph.stored': 1 }, maxTimeMS: timeLimits.read })
    .sort({ 'ralph.stored': -1 })
    .limit(1)
    .next()
  return isTakenIn(latest?.ralph) ? latest.ralph.stored : 0
}

/** The lease of a target: one document, which is replaced only by who has seen its latest version. */
export const createLeaseTable = (collections: Collections): LeaseTable<number> => {
  const { lease, latest } = collections
  const readOptions = { maxTimeMS: timeLimits.read, ...(latest === undefined ? {} : { readConcern: latest }) }

  /** Whoever is first makes it. */
  const make = async (): Promise<void> => {
    try {
      const last = await lastWritten(collections)
      const first = leaseDocumentOf({ ...freshRecord, last, through: last })
      await lease.insertOne({ _id, version: 1, ...first }, { maxTimeMS: timeLimits.write })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }

  const read = async (): Promise<VersionedRecord<number> | undefined> => {
    const found = await lease.findOne({ _id }, readOptions)
    if (found === null) {
      await make()
      return read()
    }
    return { version: found.version, record: recordIn(found) }
  }

  return {
    read: () => translating(read),
    write: (record, version) =>
      translating(async () => {
        // `read` has made it.
        if (version === undefined) return undefined
        const next = { version: version + 1, ...leaseDocumentOf(record) }
        const { matchedCount } = await lease.replaceOne({ _id, version }, next, { maxTimeMS: timeLimits.write })
        return matchedCount === 1 ? next.version : undefined
      })
  }
}
