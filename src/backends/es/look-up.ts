import { RalphError } from '../../errors.ts'
import type { Lookup, PresentStatement } from '../../storage/batching/engine.ts'
import type { Written } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { type DocumentVersion, multiGet } from './multi-get.ts'
import { isLate, isStatement, presentOf, type Relation, type StatementRelation } from './relations.ts'
import type { TargetIndices } from './target-indices.ts'

/** A document in the index of Python Ralph that is being adopted as a statement. */
export interface Adoption {
  /** Its id in the index. */
  readonly at: string
  /** The size of its text, in bytes. */
  readonly size: number
  readonly restamped: boolean
}

/** By the id of the statement. */
export type Adoptions = ReadonlyMap<StatementId, Adoption>

/** An existing relation, with the version that tells whether it has changed. */
export interface Known {
  readonly relation: Relation
  readonly version: DocumentVersion
}

/** What a session looks up and remembers. */
export interface TurnLookUp {
  readonly known: ReadonlyMap<StatementId, Known>
  lookUp(ids: readonly StatementId[]): Promise<Lookup>
}

/** A request with more ids than this would be too large. */
const maxIds = 5000

/** Stands for a statement that somebody deleted from the index of Python Ralph. Its id stays used, and no other statement equals it. */
const lostText = '{"actor":{},"verb":{"id":""},"object":{}}'

/** The statements of Python Ralph that must be adopted before this batch can be written. Undefined: there are none. */
export const foreignIn = (error: unknown): readonly StatementId[] | undefined =>
  error instanceof RalphError && Array.isArray(error.details.foreign) ? error.details.foreign : undefined

const foreign = (ids: readonly StatementId[]): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'Python Ralph has written to this index meanwhile: send the request again', {
    retryAfter: 1,
    foreign: ids
  })

/** Throws when it finds what a writer sent after it was taken for dead. This is taken back before the next session. */
export const createLookUp = (
  indices: TargetIndices,
  adopting: Adoptions,
  written: Written,
  foundLate: () => RalphError
): TurnLookUp => {
  const { connection, statements, relations, keys } = indices
  const known = new Map<StatementId, Known>()
  const present = new Map<StatementId, PresentStatement>()
  /** The ids that a session looks up first may have to be compared. It only refers to the later ones. */
  let areTextsWanted = true

  const remember = (id: StatementId, source: Buffer | undefined, version: DocumentVersion | undefined) => {
    if (source === undefined || version === undefined) return undefined
    // Only Ralph writes there, so the shape is known.
    const relation = JSON.parse(source.toString()) as Relation
    if (isLate(relation, written)) throw foundLate()
    known.set(id, { relation, version })
    return relation
  }

  /** Reads the texts of statements that have another id in the index of Python Ralph. */
  const readTexts = async (found: readonly StatementRelation[]): Promise<void> => {
    const wanted = found.map(({ id, at = id }) => ({ index: statements, id: at }))
    for (const [at, { source }] of (await multiGet(connection, wanted)).entries()) {
      const relation = found[at]
      if (relation !== undefined) {
        present.set(relation.id, presentOf(relation, source?.toString() ?? lostText, keys))
      }
    }
  }

  const withTexts = async (ids: readonly StatementId[]): Promise<void> => {
    const wanted = ids.flatMap((id) => [
      { index: relations, id: keys.statement(id) },
      { index: statements, id: adopting.get(id)?.at ?? id }
    ])
    const got = await multiGet(connection, wanted)
    const unknown: StatementId[] = []
    const elsewhere: StatementRelation[] = []
    for (const [at, id] of ids.entries()) {
      const [relationGot, textGot] = [got[at * 2], got[at * 2 + 1]]
      const relation = remember(id, relationGot?.source, relationGot?.version)
      if (!isStatement(relation)) {
        if (textGot?.source !== undefined && !adopting.has(id)) unknown.push(id)
      } else if (relation.at !== undefined) elsewhere.push(relation)
      else present.set(id, presentOf(relation, textGot?.source?.toString() ?? lostText, keys))
    }
    if (unknown.length > 0) throw foreign(unknown)
    await readTexts(elsewhere)
  }

  const withoutTexts = async (ids: readonly StatementId[]): Promise<void> => {
    const wanted = ids.map((id) => ({ index: relations, id: keys.statement(id) }))
    for (const [at, { source, version }] of (await multiGet(connection, wanted)).entries()) {
      const relation = remember(ids[at] ?? '', source, version)
      if (isStatement(relation)) present.set(relation.id, presentOf(relation, lostText, keys))
    }
  }

  return {
    known,
    lookUp: async (ids) => {
      const read = areTextsWanted ? withTexts : withoutTexts
      areTextsWanted = false
      for (let start = 0; start < ids.length; start += maxIds) await read(ids.slice(start, start + maxIds))
      const referrers = new Map<StatementId, readonly StatementId[]>()
      const asked = new Map<StatementId, PresentStatement>()
      for (const id of ids) {
        const statement = present.get(id)
        if (statement !== undefined) asked.set(id, statement)
        const all = known.get(id)?.relation.referrers
        if (all !== undefined) referrers.set(id, all)
      }
      return { present: asked, referrers }
    }
  }
}
