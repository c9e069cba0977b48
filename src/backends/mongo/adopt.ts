import { BSON, type ObjectId } from 'mongodb'
import type { Clock } from '../../contracts/clock.ts'
import { type AdoptionCandidate, adopt, takeIn, withTimes } from '../../storage/adoption.ts'
import type { BatchedWriter } from '../../storage/batching/batched-writer.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { indexNames } from './schema.ts'

export interface AdoptOptions {
  readonly collections: Collections
  readonly writer: Pick<BatchedWriter, 'restore'>
  readonly clock: Clock
  /** Tells the engine where the documents are that Python Ralph wrote already. */
  readonly adopting: Map<StatementId, ObjectId>
}

export interface AdoptReport {
  readonly taken: number
  /** Documents that are not statements, or statements that exist already. */
  readonly refused: number
}

/** Documents that are adopted at a time. */
const batchSize = 500

/** If a text is larger, the document has no room for the tokens that the statement is found by. */
const maxText = 15_000_000

interface Refusal {
  readonly place: ObjectId
  readonly reason: string
}

const judge = (place: ObjectId, source: object, now: Micros): AdoptionCandidate<ObjectId> | Refusal => {
  const text = BSON.EJSON.stringify(source, { relaxed: true })
  const judged = adopt(JSON.parse(text), { now })
  if ('reason' in judged) return { place, reason: judged.reason }
  if (text.length > maxText) return { place, reason: 'it is too large' }
  const { id, stored, teaches, lacksTimes } = judged
  return { place, id, stored, text: lacksTimes ? withTimes(text, stored) : text, teaches }
}

/**
 * Adopts the statements that Python Ralph wrote into the collection. The engine writes our relations beside them and changes nothing else
 * in the documents of Python Ralph. Refused documents are marked, so that they are not examined again.
 */
export const adoptStatements = async (options: AdoptOptions): Promise<AdoptReport> => {
  const { collections, writer, clock, adopting } = options
  const { statements } = collections
  let taken = 0
  let refused = 0

  const nextBatch = () =>
    statements
      .find(
        { 'ralph.stored': null, 'ralph.refused': null, '_source.id': { $exists: true } },
        { projection: { _source: 1 }, hint: indexNames.stored, limit: batchSize, maxTimeMS: timeLimits.read }
      )
      .toArray()

  const refuse = async (refusals: readonly Refusal[]): Promise<void> => {
    if (refusals.length === 0) return
    const writes = refusals.map(({ place, reason }) => ({
      // Another server may have adopted it.
      updateOne: { filter: { _id: place, 'ralph.id': null }, update: { $set: { ralph: { refused: reason } } } }
    }))
    const { modifiedCount } = await statements.bulkWrite(writes, { ordered: false, maxTimeMS: timeLimits.write })
    refused += modifiedCount
  }

  for (let batch = await nextBatch(); batch.length > 0; batch = await nextBatch()) {
    const candidates: AdoptionCandidate<ObjectId>[] = []
    const refusals: Refusal[] = []
    for (const { _id, _source } of batch) {
      const judged = judge(_id, _source, clock())
      if ('reason' in judged) refusals.push(judged)
      else candidates.push(judged)
    }
    const report = await takeIn(candidates, { writer, adopting })
    taken += report.taken
    await refuse([...refusals, ...report.doubles])
  }
  return { taken, refused }
}
