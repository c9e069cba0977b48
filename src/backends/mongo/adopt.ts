import { BSON, type ObjectId } from 'mongodb'
import type { Clock } from '../../contracts/clock.ts'
import type { StoredStatement } from '../../contracts/statement-store.ts'
import type { StatementRounds } from '../../rounds/statement-rounds.ts'
import { withoutMembers } from '../../xapi/json-text.ts'
import { createLearned } from '../../xapi/learned.ts'
import { normalId, type Statement, type StatementId, targetOf } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../../xapi/terms.ts'
import { formatMicros, type Micros, parseMicros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { indexNames } from './schema.ts'

export interface AdoptOptions {
  readonly collections: Collections
  readonly rounds: Pick<StatementRounds, 'restore'>
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

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Ralph checks no more than this of what it stores. */
const isStatement = (value: unknown): value is Statement & { readonly id: StatementId } =>
  isObject(value) &&
  typeof value.id === 'string' &&
  isObject(value.actor) &&
  isObject(value.verb) &&
  typeof value.verb.id === 'string' &&
  isObject(value.object)

const timeOf = (text: unknown): Micros | undefined => (typeof text === 'string' ? parseMicros(text) : undefined)

/** Whether a function of the specification makes something of what may be anything. */
const succeeds = (work: () => unknown): boolean => {
  try {
    work()
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

/** With `stored` as the LRS knows it, where it has none or another one. */
const withStored = (text: string, statement: Statement, stored: Micros): string =>
  timeOf(statement.stored) === stored
    ? text
    : `${withoutMembers(text, new Set(['stored'])).slice(0, -1)},"stored":"${formatMicros(stored)}"}`

const judge = (_id: ObjectId, source: object, now: Micros): Candidate | Refusal => {
  const text = BSON.EJSON.stringify(source, { relaxed: true })
  const statement: unknown = JSON.parse(text)
  if (!isStatement(statement)) return { _id, reason: 'it is no statement' }
  if (text.length > maxText) return { _id, reason: 'it is too large' }
  const isReadable = succeeds(() => [inheritableTerms(statement), ownTerms(statement), targetOf(statement)])
  if (!isReadable) return { _id, reason: 'it is malformed' }
  const stored = Math.min(timeOf(statement.stored) ?? timeOf(statement.timestamp) ?? 0, now)
  const teaches = succeeds(() => createLearned().learn(statement))
  return { _id, id: normalId(statement.id), stored, text: withStored(text, statement, stored), teaches }
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
  const { collections, rounds, clock, adopting } = options
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
      const { inserted, already } = await rounds.restore(some, [], { define })
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
