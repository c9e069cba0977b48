import { BSON, type ObjectId } from 'mongodb'
import type { Clock } from '../../contracts/clock.ts'
import type { StoredStatement } from '../../contracts/statement-store.ts'
import { adopt, withTimes } from '../../storage/adoption.ts'
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
  /** Where the engine looks for documents that are there already. */
  readonly adopting: Map<StatementId, ObjectId>
}

export interface AdoptReport {
  readonly taken: number
  /** Documents that are no statements, or statements that were there before. */
  readonly refused: number
}

/** Documents that are taken in at a time. */
const batchSize = 500

/** Of a larger one, no document has room for what it is found by. */
const maxText = 15_000_000

interface Candidate extends StoredStatement {
  readonly _id: ObjectId
  /** Whether its definitions are such that they can be merged with others. */
  readonly teaches: boolean
}

interface Refusal {
  readonly _id: ObjectId
  readonly reason: string
}

const judge = (_id: ObjectId, source: object, now: Micros): Candidate | Refusal => {
  const text = BSON.EJSON.stringify(source, { relaxed: true })
  const judged = adopt(JSON.parse(text), { now })
  if ('reason' in judged) return { _id, reason: judged.reason }
  if (text.length > maxText) return { _id, reason: 'it is too large' }
  const { id, stored, teaches, lacksTimes } = judged
  return { _id, id, stored, text: lacksTimes ? withTimes(text, stored) : text, teaches }
}

/** Each id once, the first document that has it. */
const separate = (judged: readonly (Candidate | Refusal)[]) => {
  const candidates = new Map<StatementId, Candidate>()
  const refusals: Refusal[] = []
  for (const each of judged) {
    if ('reason' in each) refusals.push(each)
    else if (candidates.has(each.id))
      refusals.push({ _id: each._id, reason: `the statement ${each.id} was there before` })
    else candidates.set(each.id, each)
  }
  return { candidates, refusals }
}

/**
 * Takes in the statements that Ralph wrote into the collection: what they are found by is written beside them, and no
 * document of Ralph's is changed otherwise. Refused documents are marked, so that they are not judged again.
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

  const restore = async (some: readonly Candidate[], define: boolean): Promise<readonly StatementId[]> => {
    if (some.length === 0) return []
    for (const { id, _id } of some) adopting.set(id, _id)
    try {
      const { inserted, already } = await writer.restore(some, [], { define })
      taken += inserted.length
      return already
    } finally {
      for (const { id } of some) adopting.delete(id)
    }
  }

  const refuse = async (refusals: readonly Refusal[]): Promise<void> => {
    if (refusals.length === 0) return
    const writes = refusals.map(({ _id, reason }) => ({
      // Another server may have taken it in.
      updateOne: { filter: { _id, 'ralph.id': null }, update: { $set: { ralph: { refused: reason } } } }
    }))
    const { modifiedCount } = await statements.bulkWrite(writes, { ordered: false, maxTimeMS: timeLimits.write })
    refused += modifiedCount
  }

  for (let batch = await nextBatch(); batch.length > 0; batch = await nextBatch()) {
    const { candidates, refusals } = separate(batch.map(({ _id, _source }) => judge(_id, _source, clock())))
    const all = [...candidates.values()]
    const already = [
      ...(await restore(
        all.filter(({ teaches }) => teaches),
        true
      )),
      ...(await restore(
        all.filter(({ teaches }) => !teaches),
        false
      ))
    ]
    const doubles = already.flatMap((id) => {
      const double = candidates.get(id)
      return double === undefined ? [] : [{ _id: double._id, reason: `the statement ${id} was there before` }]
    })
    await refuse([...refusals, ...doubles])
  }
  return { taken, refused }
}
