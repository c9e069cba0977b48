import type { Clock } from '../../contracts/clock.ts'
import type { StoredStatement } from '../../contracts/statement-store.ts'
import type { StatementRounds } from '../../rounds/statement-rounds.ts'
import { createLearned } from '../../xapi/learned.ts'
import { normalId, type Statement, type StatementId, targetOf } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../../xapi/terms.ts'
import { type Micros, parseMicros } from '../../xapi/timestamp.ts'
import { bulk } from './bulk.ts'
import type { Adoption } from './engine.ts'
import { type Got, multiGet } from './multi-get.ts'
import { isStatement as isRelated, type Relation } from './relations.ts'
import type { Tables } from './tables.ts'
import { asStoreError } from './translate-error.ts'

export interface AdoptOptions {
  readonly tables: Tables
  readonly rounds: Pick<StatementRounds, 'restore'>
  readonly clock: Clock
  /** Where the engine looks for statements that are in Ralph's index already. */
  readonly adopting: Map<StatementId, Adoption>
}

export interface AdoptReport {
  readonly taken: number
  /** Documents that are no statements. */
  readonly refused: number
}

/** Documents that are looked at, and taken in, at a time. */
const batchSize = 500

/** How long Elasticsearch keeps in mind where we are. */
const scroll = '5m'

interface Candidate extends StoredStatement {
  readonly adoption: Adoption
  /** Whether its definitions are such that they can be merged with others. */
  readonly teaches: boolean
}

interface Refusal {
  /** Id in the index. */
  readonly at: string
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

/** `stored` is that of the statement, else its timestamp, and never later than now. */
const judge = (at: string, source: Buffer, now: Micros): Candidate | Refusal => {
  const text = source.toString()
  const statement: unknown = JSON.parse(text)
  if (!isStatement(statement)) return { at, reason: 'it is no statement' }
  if (!succeeds(() => [inheritableTerms(statement), ownTerms(statement), targetOf(statement)])) {
    return { at, reason: 'it is malformed' }
  }
  const stored = Math.min(timeOf(statement.stored) ?? timeOf(statement.timestamp) ?? now, now)
  const restamped = timeOf(statement.stored) !== stored
  const teaches = succeeds(() => createLearned().learn(statement))
  return { id: normalId(statement.id), stored, text, teaches, adoption: { at, size: source.length, restamped } }
}

interface ScrollAnswer {
  readonly _scroll_id: string
  readonly hits: { readonly hits: readonly { readonly _id: string }[] }
}

/** Ids of all documents in Ralph's index, the oldest first as far as they have a time. */
async function* everyId({ connection, statements }: Tables): AsyncGenerator<readonly string[]> {
  let { body } = await connection.ask({
    method: 'POST',
    path: [statements, '_search'],
    query: { scroll },
    body: { size: batchSize, _source: false, sort: [{ timestamp: { order: 'asc', unmapped_type: 'date' } }] },
    kind: 'read'
  })
  try {
    for (;;) {
      // The answer of Elasticsearch to a search.
      const { _scroll_id, hits } = body as ScrollAnswer
      if (hits.hits.length === 0) return
      yield hits.hits.map(({ _id }) => _id)
      const next = { scroll, scroll_id: _scroll_id }
      body = (await connection.ask({ method: 'POST', path: ['_search', 'scroll'], body: next, kind: 'write' })).body
    }
  } finally {
    const { _scroll_id } = body as ScrollAnswer
    await connection.ask({
      method: 'DELETE',
      path: ['_search', 'scroll'],
      body: { scroll_id: _scroll_id },
      kind: 'write',
      expect: [404]
    })
  }
}

const countOf = async ({ connection }: Tables, index: string, query: object): Promise<number> => {
  await connection.ask({ method: 'POST', path: [index, '_refresh'], kind: 'read' })
  const { body } = await connection.ask({ method: 'POST', path: [index, '_count'], body: { query }, kind: 'read' })
  // The answer of Elasticsearch to a count.
  return (body as { readonly count: number }).count
}

/** Whether there are documents that were not looked at; one more and one less are not told from none. */
export const hasForeign = async (tables: Tables): Promise<boolean> => {
  const { keys, statements, relations } = tables
  const known = { terms: { tokens: [keys.every, keys.everyRefused] } }
  const [all, looked] = await Promise.all([
    countOf(tables, statements, { match_all: {} }),
    countOf(tables, relations, known)
  ])
  return all > looked
}

export interface Adopter {
  /** Takes in what Ralph wrote under these ids. */
  some(ids: readonly string[]): Promise<AdoptReport>
  /** Takes in all that Ralph wrote. */
  all(): Promise<AdoptReport>
}

/**
 * Takes in statements that Ralph wrote into its index: what they are found by is written beside them, and no document
 * of Ralph's is changed. Those that are refused are written down, so that they are not judged again.
 */
export const createAdopter = ({ tables, rounds, clock, adopting }: AdoptOptions): Adopter => {
  const { connection, statements, relations, keys, space } = tables

  const restore = async (some: readonly Candidate[], define: boolean): Promise<Refusal[]> => {
    if (some.length === 0) return []
    for (const { id, adoption } of some) adopting.set(id, adoption)
    try {
      const { already } = await rounds.restore(some, [], { define })
      const isThere = new Set(already)
      return some
        .filter(({ id }) => isThere.has(id))
        .map(({ id, adoption }) => ({ at: adoption.at, reason: `the statement ${id} was there before` }))
    } finally {
      for (const { id } of some) adopting.delete(id)
    }
  }

  const writeDown = async (refusals: readonly Refusal[]): Promise<void> => {
    const refused = await bulk(
      connection,
      refusals.map(({ at, reason }) => ({
        index: relations,
        id: keys.refused(at),
        source: JSON.stringify({ space: space.prefix, tokens: [keys.everyRefused], refused: at, reason }),
        expects: 'anything'
      }))
    )
    for (const { refusal } of refused) throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.reason}`)
  }

  /** Those that neither have a relation nor were refused. */
  const unknownOf = async (ids: readonly string[]): Promise<string[]> => {
    const wanted = ids.flatMap((id) => [
      { index: relations, id: keys.statement(normalId(id)) },
      { index: relations, id: keys.refused(id) }
    ])
    const got = await multiGet(connection, wanted)
    return ids.filter((id, at) => !isKnown(id, got[at * 2], got[at * 2 + 1]))
  }

  const isKnown = (id: string, relationGot: Got | undefined, refusedGot: Got | undefined): boolean => {
    if (refusedGot?.source !== undefined) return true
    if (relationGot?.source === undefined) return false
    // Nobody else writes there.
    const relation = JSON.parse(relationGot.source.toString()) as Relation
    return isRelated(relation) && (relation.at ?? relation.id) === id
  }

  const some = async (ids: readonly string[]): Promise<AdoptReport> => {
    const unknown = await unknownOf(ids)
    const got = await multiGet(
      connection,
      unknown.map((id) => ({ index: statements, id }))
    )
    const candidates = new Map<StatementId, Candidate>()
    const refusals: Refusal[] = []
    for (const { id, source } of got) {
      if (source === undefined) continue
      const judged = judge(id, source, clock())
      if ('reason' in judged) refusals.push(judged)
      else if (candidates.has(judged.id)) {
        refusals.push({ at: id, reason: `the statement ${judged.id} was there before` })
      } else candidates.set(judged.id, judged)
    }
    const all = [...candidates.values()]
    const doubles = await restore(
      all.filter(({ teaches }) => teaches),
      true
    )
    doubles.push(
      ...(await restore(
        all.filter(({ teaches }) => !teaches),
        false
      ))
    )
    // Another server may have taken them in, which makes them known.
    const stillUnknown = new Set(await unknownOf(doubles.map(({ at }) => at)))
    refusals.push(...doubles.filter(({ at }) => stillUnknown.has(at)))
    await writeDown(refusals)
    return { taken: all.length - doubles.length, refused: refusals.length }
  }

  return {
    some,
    all: async () => {
      let taken = 0
      let refused = 0
      for await (const ids of everyId(tables)) {
        const report = await some(ids)
        taken += report.taken
        refused += report.refused
      }
      return { taken, refused }
    }
  }
}
