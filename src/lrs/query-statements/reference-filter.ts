import type { StoredStatement } from '../../contracts/statement-store.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { identifierKeys } from '../../xapi/identifier.ts'
import { type Statement, type StatementId, targetOf } from '../../xapi/statement.ts'
import { inheritableTerms, type Term, termsOfQuery } from '../../xapi/terms.ts'
import type { Call } from '../call.ts'
import { createYielder } from '../yielding.ts'

/** A statement at the end of a StatementRef that the principal may read. */
interface Readable {
  /** Which of the wanted terms it has, one bit each. */
  readonly has: number
  readonly target: StatementId | undefined
}

/** The way from a statement along its references. */
interface Walk {
  /** Terms that no statement on the way has had so far, one bit each. */
  missing: number
  /** The next reference. */
  at: StatementId | undefined
  /** The number of references that may still be followed. */
  left: number
}

/**
 * The most references that are followed from one statement. For unrestricted principals, stores inherit terms when statements arrive, over
 * any number of references. Here each reference costs a query.
 */
export const longestChain = 1000

/** The most ids in one query to the store. */
const mostAtOnce = 1000

/** Whether a statement is by this Authority. */
export const isBy = (statement: Statement, authority: string): boolean =>
  statement.authority !== undefined && [...identifierKeys(statement.authority)].includes(authority)

/** The terms that may be on the statement itself or on one that it refers to (Communication §2.1.3). */
const heritableTerms = ({ authority: _, ...filters }: StatementQuery): Term[] => termsOfQuery(filters)

/** Whether the answer can depend on StatementRefs. */
export const looksThroughReferences = (query: StatementQuery): boolean => heritableTerms(query).length > 0

/** A statement without a StatementRef must match by itself. The text may have the word with escapes. */
const mayRefer = ({ text }: StoredStatement): boolean => text.includes('StatementRef') || text.includes('\\u')

/** Keeps those of the found statements that match, judged by what this principal may read. */
export type ReferenceFilter = (found: readonly StoredStatement[]) => Promise<readonly StoredStatement[]>

/**
 * For a principal that may read only the statements of one Authority. Stores follow every StatementRef. Here only those count that lead to
 * statements which the principal may read, voided or not. All found statements advance together, one reference with each query to the
 * store, and no id is looked up twice.
 */
export const createReferenceFilter = (call: Call, query: StatementQuery, authority: string): ReferenceFilter => {
  const wanted = heritableTerms(query)
  const all = 2 ** wanted.length - 1
  /** Undefined: it does not exist, or the principal may not read it. */
  const known = new Map<StatementId, Readable | undefined>()
  const turns = createYielder()

  const learn = ({ id, text }: StoredStatement): void => {
    // The store contains only validated statements.
    const statement = JSON.parse(text) as Statement
    if (!isBy(statement, authority)) {
      known.set(id, undefined)
      return
    }
    const terms = inheritableTerms(statement)
    const has = wanted.reduce((bits, term, at) => (terms.has(term) ? bits | (1 << at) : bits), 0)
    known.set(id, { has, target: targetOf(statement) })
  }

  const lookUp = async (ids: ReadonlySet<StatementId>): Promise<void> => {
    let left = [...ids]
    while (left.length > 0) {
      call.signal.throwIfAborted()
      const asked = left.slice(0, mostAtOnce)
      const { statements, more } = await call.store.statements.findAll(asked, call)
      for (const each of statements) {
        learn(each)
        await turns.rest()
      }
      // The remaining ids do not exist.
      if (!more || statements.length === 0) for (const id of asked) if (!known.has(id)) known.set(id, undefined)
      left = left.filter((id) => !known.has(id))
    }
  }

  /** Follows known references, up to an id that must be looked up. Undefined: there is nothing more to follow. */
  const follow = (walk: Walk): StatementId | undefined => {
    while (walk.missing !== 0 && walk.at !== undefined && walk.left > 0) {
      if (!known.has(walk.at)) return walk.at
      const there = known.get(walk.at)
      walk.missing &= ~(there?.has ?? 0)
      walk.at = there?.target
      walk.left -= 1
    }
    return undefined
  }

  return async (found) => {
    const walks: Walk[] = []
    for (const each of found) {
      const refers = mayRefer(each)
      if (refers) learn(each)
      walks.push({ missing: refers ? all : 0, at: each.id, left: longestChain + 1 })
      await turns.rest()
    }
    for (;;) {
      const unknown = new Set<StatementId>()
      for (const walk of walks) {
        const id = follow(walk)
        if (id !== undefined) unknown.add(id)
      }
      if (unknown.size === 0) return found.filter((_, at) => walks[at]?.missing === 0)
      await lookUp(unknown)
      await turns.rest()
    }
  }
}
