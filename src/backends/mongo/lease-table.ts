import type { LeaseTable, VersionedRecord } from '../../storage/batching/lease-record.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import type { LeaseDocument } from './document-types.ts'
import { isDuplicateKey, translating } from './errors.ts'
import { isTakenIn } from './statement-document.ts'

const _id = 'lease'

/** If no lease says how far the target is written, all stored statements count. */
const lastWritten = async ({ statements }: Collections): Promise<Micros> => {
  const latest = await statements
    .find({ 'ralph.stored': { $gt: 0 } }, { projection: { _id: 0, 'ralph.stored': 1 }, maxTimeMS: timeLimits.read })
    .sort({ 'ralph.stored': -1 })
    .limit(1)
    .next()
  return isTakenIn(latest?.ralph) ? latest.ralph.stored : 0
}

/** The lease of a target is one document. Only a process that has seen the latest version can replace it. */
export const createLeaseTable = (collections: Collections): LeaseTable<number> => {
  const { lease, latest } = collections
  const readOptions = { maxTimeMS: timeLimits.read, ...(latest === undefined ? {} : { readConcern: latest }) }

  /** The first process creates it. */
  const make = async (): Promise<void> => {
    const nobody = { holder: null, wanted: null, writer: null }
    try {
      const last = await lastWritten(collections)
      const first = { _id, version: 1, last, through: last, gaps: [], ...nobody } as const
      await lease.insertOne(first, { maxTimeMS: timeLimits.write })
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
    const { version, last, through, gaps = [], holder, wanted, writer } = found
    const names = { holder: holder ?? undefined, wanted: wanted ?? undefined, writer: writer ?? undefined }
    return { version, record: { ...names, last, through, gaps } }
  }

  return {
    read: () => translating(read),
    write: ({ last, through, gaps, holder = null, wanted = null, writer = null }, version) =>
      translating(async () => {
        // `read` has created it.
        if (version === undefined) return undefined
        const names = { holder, wanted, writer }
        const next: Omit<LeaseDocument, '_id'> = {
          version: version + 1,
          last,
          ...(through === undefined ? {} : { through }),
          gaps,
          ...names
        }
        const { matchedCount } = await lease.replaceOne({ _id, version }, next, { maxTimeMS: timeLimits.write })
        return matchedCount === 1 ? next.version : undefined
      })
  }
}
