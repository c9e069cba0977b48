import type { StoredStatement } from '../../contracts/statement-store.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { identifierKeys } from '../../xapi/identifier.ts'
import { type Statement, type StatementId, targetOf } from '../../xapi/statement.ts'
import { inheritableTerms, type Term, termsOfQuery } from '../../xapi/terms.ts'
import type { Call } from '../call.ts'
import { createYielder } from '../yielding.ts'

/** What stands at one end of a StatementRef, for who may read it. */
interface Readable {
  /** Those of the terms asked for that it has: a bit each. */
  readonly has: number
  readonly target: StatementId | undefined
}

/** On the way from a statement to what it refers to. */
interface Walk {
  /** Terms that nothing on the way had so far: a bit each. */
  missing: number
  /** What comes next. */
  at: StatementId | undefined
  /** References that may still be followed. */
  left: number
}

/**
 * References that are followed from one statement. Where nobody is kept from reading, stores hand down what is asked for when
 * statements come, over any number of them; here each costs a question to the store.
 */
export const longestChain = 1000

/** Ids that one question to the store names. */
const mostAtOnce = 1000

/** Whether a statement is by this Authority. */
export const isBy = (statement: Statement, authority: string): boolean =>
  statement.authority !== undefined && [...identifierKeys(statement.authority)].includes(authority)

/** What a filter may ask of the statement itself or of what it refers to (Communication §2.1.3). */
const heritableTerms = ({ authority: _, ...filters }: StatementQuery): Term[] => termsOfQuery(filters)

/** Whether an answer can depend on what StatementRefs lead to. */
export const looksThroughReferences = (query: StatementQuery): boolean => heritableTerms(query).length > 0

/** A statement without a StatementRef matches by itself; a text may spell the word with escapes. */
const mayRefer = ({ text }: StoredStatement): boolean => text.includes('StatementRef') || text.includes('\\u')

/** Leaves of statements that a store found those which match, by what this reader may read. */
export type ReferenceFilter = (found: readonly StoredStatement[]) => Promise<readonly StoredStatement[]>

/**
 * For a query that asks for the statements of one Authority, and a reader who may read no others. Stores answer filters
 * through every StatementRef; here only those count that lead to statements which the reader may read, voided or not. All
 * that are found together are looked at together, one reference further with each question to the store, and nothing
 * is looked up twice.
 */
export const createReferenceFilter = (call: Call, query: StatementQuery, authority: string): ReferenceFilter => {
  const wanted = heritableTerms(query)
  const all = 2 ** wanted.length - 1
  /** Undefined: not there, or not for this reader. */
  const known = new Map<StatementId, Readable | undefined>()
  const turns = createYielder()

  const learn = ({ id, text }: StoredStatement): void => {
    // The store holds only what was validated when it came in.
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
      // What did not come and will not is not there.
      if (!more || statements.length === 0) for (const id of asked) if (!known.has(id)) known.set(id, undefined)
      left = left.filter((id) => !known.has(id))
    }
  }

  /** Follows what is known, up to what has to be looked up; undefined: there is nothing more to follow. */
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
