import type { Clock } from '../../contracts/clock.ts'
import { type AdoptionCandidate, adopt, takeIn } from '../../storage/adoption.ts'
import type { BatchedWriter } from '../../storage/batching/batched-writer.ts'
import { normalId, type StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { type BulkAction, bulk } from './bulk.ts'
import { asStoreError } from './errors.ts'
import type { Adoption } from './look-up.ts'
import { multiGet } from './multi-get.ts'
import { isStatement as isRelated, type Relation } from './relations.ts'
import type { TargetIndices } from './target-indices.ts'

export interface AdoptOptions {
  readonly indices: TargetIndices
  readonly writer: Pick<BatchedWriter, 'restore'>
  readonly clock: Clock
  /** Tells the engine where the statements are that are in the index of Python Ralph already. */
  readonly adopting: Map<StatementId, Adoption>
}

export interface AdoptReport {
  readonly taken: number
  /** Documents that are not statements, or are duplicates. */
  readonly refused: number
  /** Statements that look as if this program wrote them. They were left alone. */
  readonly left: number
}

/**
 * Which documents are adopted: those of Python Ralph, or also those that look as if this program wrote them. A batch may have left such
 * documents when the server and Elasticsearch failed together. No client was told that they are stored.
 */
export type Adopted = "Ralph's" | 'any'

/** Documents that are examined and adopted at a time. */
const batchSize = 500

/** How long Elasticsearch keeps the position of the scroll. */
const scroll = '5m'

interface Refusal {
  /** The id in the index. */
  readonly at: string
  readonly reason: string
  /** It may still be adopted. */
  readonly left?: true
}

/** The format of `formatMicros`, which Python Ralph does not use. */
const ourTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

const judge = (at: string, source: Buffer, now: Micros, adopted: Adopted): AdoptionCandidate<Adoption> | Refusal => {
  const text = source.toString()
  const judged = adopt(JSON.parse(text), { now })
  if ('reason' in judged) return { at, reason: judged.reason }
  const { id, stored, statement, teaches, lacksTimes } = judged
  if (adopted === "Ralph's" && typeof statement.stored === 'string' && ourTime.test(statement.stored)) {
    return { at, reason: 'it looks like one of ours', left: true }
  }
  return { id, stored, text, teaches, place: { at, size: source.length, restamped: lacksTimes } }
}

interface ScrollAnswer {
  readonly _scroll_id: string
  readonly hits: { readonly hits: readonly { readonly _id: string }[] }
}

/** The ids of all documents in the index of Python Ralph. Documents with a time come oldest first. */
async function* everyId({ connection, statements }: TargetIndices): AsyncGenerator<readonly string[]> {
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

const countOf = async ({ connection }: TargetIndices, index: string, query: object): Promise<number> => {
  await connection.ask({ method: 'POST', path: [index, '_refresh'], kind: 'read' })
  const { body } = await connection.ask({ method: 'POST', path: [index, '_count'], body: { query }, kind: 'read' })
  // The answer of Elasticsearch to a count.
  return (body as { readonly count: number }).count
}

/** Whether there may be documents that were not examined. It compares only the numbers, so one document more and one less go unnoticed. */
export const hasForeign = async (indices: TargetIndices): Promise<boolean> => {
  const { keys, statements, relations } = indices
  const known = { terms: { tokens: [keys.every, keys.everyRefused] } }
  const [all, looked] = await Promise.all([
    countOf(indices, statements, { match_all: {} }),
    countOf(indices, relations, known)
  ])
  return all > looked
}

export interface Adopter {
  /** Adopts the documents with these ids. */
  some(ids: readonly string[], adopted: Adopted): Promise<AdoptReport>
  all(adopted: Adopted): Promise<AdoptReport>
}

/** The note about a document that was not adopted. */
interface RefusedDocument {
  readonly space: string
  readonly tokens: readonly string[]
  /** The id of the document in the index. */
  readonly refused: string
  readonly reason: string
  readonly left?: true
}

/**
 * Adopts statements that Python Ralph wrote into its index. The engine writes our relations into another index and changes no document of
 * Python Ralph. It notes the refused documents, so that they are not examined again.
 */
export const createAdopter = ({ indices, writer, clock, adopting }: AdoptOptions): Adopter => {
  const { connection, statements, relations, keys, space } = indices

  const carryOut = async (actions: readonly BulkAction[]): Promise<void> => {
    for (const { refusal } of await bulk(connection, actions)) {
      throw asStoreError(refusal) ?? new Error(`Elasticsearch: ${refusal.reason}`)
    }
  }

  const writeDown = (refusals: readonly Refusal[]): Promise<void> =>
    carryOut(
      refusals.map(({ at, reason, left }) => {
        const document: RefusedDocument = {
          space: space.prefix,
          tokens: [keys.everyRefused],
          refused: at,
          reason,
          ...(left ? { left } : {})
        }
        return { index: relations, id: keys.refused(at), source: JSON.stringify(document), expects: 'anything' }
      })
    )

  const isRelatedTo = (id: string, source: Buffer | undefined): boolean => {
    if (source === undefined) return false
    // Only Ralph writes there, so the shape is known.
    const relation = JSON.parse(source.toString()) as Relation
    return isRelated(relation) && (relation.at ?? relation.id) === id
  }

  /** Documents that have no relation and were not refused, and those that were only left alone. */
  const unknownOf = async (ids: readonly string[], adopted: Adopted) => {
    const wanted = ids.flatMap((id) => [
      { index: relations, id: keys.statement(normalId(id)) },
      { index: relations, id: keys.refused(id) }
    ])
    const got = await multiGet(connection, wanted)
    const unknown: string[] = []
    const left: string[] = []
    for (const [at, id] of ids.entries()) {
      if (isRelatedTo(id, got[at * 2]?.source)) continue
      const source = got[at * 2 + 1]?.source
      if (source === undefined) unknown.push(id)
      else if (adopted === 'any' && (JSON.parse(source.toString()) as RefusedDocument).left === true) left.push(id)
    }
    return { unknown: [...unknown, ...left], left }
  }

  const some = async (ids: readonly string[], adopted: Adopted): Promise<AdoptReport> => {
    const { unknown, left } = await unknownOf(ids, adopted)
    const got = await multiGet(
      connection,
      unknown.map((id) => ({ index: statements, id }))
    )
    const candidates: AdoptionCandidate<Adoption>[] = []
    const refusals: Refusal[] = []
    for (const { id, source } of got) {
      if (source === undefined) continue
      const judged = judge(id, source, clock(), adopted)
      if ('reason' in judged) refusals.push(judged)
      else candidates.push(judged)
    }
    const { taken, doubles } = await takeIn(candidates, { writer, adopting })
    await carryOut(left.map((id) => ({ index: relations, id: keys.refused(id), expects: 'anything' })))
    // Another server may have adopted them, so they are known now.
    const doubleIds = doubles.map(({ place }) => place.at)
    const stillUnknown = new Set((await unknownOf(doubleIds, adopted)).unknown)
    for (const { place, reason } of doubles) if (stillUnknown.has(place.at)) refusals.push({ at: place.at, reason })
    await writeDown(refusals)
    const leftAlone = refusals.filter((each) => each.left === true).length
    return { taken, refused: refusals.length - leftAlone, left: leftAlone }
  }

  return {
    some,
    all: async (adopted) => {
      const sum = { taken: 0, refused: 0, left: 0 }
      for await (const ids of everyId(indices)) {
        const { taken, refused, left } = await some(ids, adopted)
        sum.taken += taken
        sum.refused += refused
        sum.left += left
      }
      return sum
    }
  }
}
