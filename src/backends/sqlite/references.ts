import type { Inheritance } from '../../contracts/statement-store.ts'
import { Spoilt } from '../../storage/batching/group-commit.ts'
import type { Statement, StatementId } from '../../xapi/statement.ts'
import { inheritableTerms } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import { leanTerms } from './compact-terms.ts'
import type { Connection } from './connect.ts'
import { bytesOfId } from './id-bytes.ts'
import type { IndexTables } from './index-tables.ts'
import type { TermId, TermIds } from './term-ids.ts'
import type { Participant } from './transaction.ts'

/** A statement that was just written. */
export interface Arrival {
  readonly id: StatementId
  readonly stored: Micros
  readonly statement: Statement
  /** The id that its Object refers to. */
  readonly target: StatementId | undefined
  /** Called with each term before it is inherited. */
  readonly inheritance?: Inheritance | undefined
}

/** Statements whose Object is a StatementRef (Communication §2.1.3), in any order of arrival. */
export interface References extends Participant {
  /** Whether an existing voiding statement names this id. */
  isVoided(id: StatementId): boolean
  /**
   * Lets statements inherit terms: the new statement from its target, and all statements that refer to it, directly or indirectly, from it.
   * Undefined if there is nothing to inherit.
   */
  link(arrival: Arrival): Yielding<void> | undefined
  /** The statement is removed. */
  remove(stored: Micros, target: StatementId | undefined): void
  /** Whether any statement has inherited the term. */
  isInherited(term: TermId): boolean
  /** The terms that a statement inherits from its target. */
  inheritedBy(stored: Micros): TermId[]
}

/** Parsing this many characters costs about as much as inheriting one term. */
const charactersOfTerm = 1024

const createRemoval = (connection: Connection) => {
  const removeReference = connection.prepare('DELETE FROM reference WHERE target = ? AND referrer = ?')
  const removeInherited = connection.prepare('DELETE FROM inherited WHERE stored = ?')
  const anyInheriting = connection.prepare<[one: number]>('SELECT 1 FROM inherited WHERE term = ? LIMIT 1')
  return {
    remove: (stored: Micros, target: StatementId): void => {
      removeReference.run(bytesOfId(target), stored)
      removeInherited.run(stored)
    },
    isInherited: (term: TermId): boolean => anyInheriting.get(term) !== undefined
  }
}

export const createReferences = (connection: Connection, termIds: TermIds, index: IndexTables): References => {
  const removal = createRemoval(connection)
  const insertReference = connection.prepare('INSERT INTO reference (target, referrer) VALUES (?, ?)')
  const referrersOf = connection.prepare<[stored: Micros, id: Uint8Array]>(
    'SELECT stored, id FROM reference JOIN statement ON stored = referrer WHERE target = ?'
  )
  const voiderOf = connection.prepare<[one: number]>(
    'SELECT 1 FROM reference JOIN statement ON stored = referrer WHERE target = ? AND voiding = 1 LIMIT 1'
  )
  const textOf = connection.prepare<[text: string]>('SELECT text FROM statement WHERE stored = ?')
  const insertInherited = connection.prepare('INSERT OR IGNORE INTO inherited (stored, term) VALUES (?, ?)')
  const inheritedOf = connection.prepare<[term: TermId]>('SELECT term FROM inherited WHERE stored = ?')
  /** Most stores never receive a StatementRef. Then no statement need be looked up as a target. */
  let any = connection.prepare<[one: number]>('SELECT 1 FROM reference LIMIT 1').get() !== undefined

  /** After a refusal the transaction undoes the terms that were inherited before. */
  const take = (inheritance: Inheritance | undefined, terms: number): void => {
    try {
      inheritance?.take(terms)
    } catch (cause) {
      throw new Spoilt('', { cause })
    }
  }

  /** Adds terms to a referrer, and returns those that are new to it. */
  const inherit = function* (
    stored: Micros,
    terms: readonly TermId[],
    inheritance: Inheritance | undefined
  ): Yielding<TermId[]> {
    take(inheritance, terms.length)
    const news: TermId[] = []
    for (const term of terms) {
      yield
      if (insertInherited.run(stored, term) === 0) continue
      index.addTerm(term, stored)
      news.push(term)
    }
    return news
  }

  /** The terms of a statement that the statements which refer to it inherit. */
  const heritageOf = (statement: Statement): TermId[] => leanTerms(inheritableTerms(statement)).map(termIds.idOf)

  const inheritedBy = (stored: Micros): TermId[] => inheritedOf.all(stored).map(([term]) => term)

  /** The target that was parsed last. A batch may refer to the same long statement a thousand times. */
  let latest: { readonly stored: Micros; readonly heritage: readonly TermId[] } | undefined

  const termsOfTarget = (id: StatementId, inheritance: Inheritance | undefined): TermId[] => {
    const stored = index.find(id)
    if (stored === undefined) return []
    if (latest?.stored !== stored) {
      const text = textOf.get(stored)?.[0]
      if (text === undefined) return []
      take(inheritance, Math.floor(text.length / charactersOfTerm))
      // It was validated before it was stored.
      latest = { stored, heritage: heritageOf(JSON.parse(text) as Statement) }
    }
    return [...latest.heritage, ...inheritedBy(stored)]
  }

  const handDown = function* ({ id, stored, statement, target, inheritance }: Arrival): Yielding<void> {
    if (target) {
      insertReference.run(bytesOfId(target), stored)
      any = true
      yield* inherit(stored, termsOfTarget(target, inheritance), inheritance)
    }
    const referrers = referrersOf.all(bytesOfId(id))
    if (referrers.length === 0) return
    const terms = [...heritageOf(statement), ...inheritedBy(stored)]
    // A referrer has inherited all terms of its target already. If no term is new, nothing is passed on. This ends cycles, and keeps long
    // chains of equal statements cheap.
    const waiting = referrers.map((referrer) => ({ referrer, terms }))
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [referrerStored, referrerId] = next.referrer
      const news = yield* inherit(referrerStored, next.terms, inheritance)
      if (news.length === 0) continue
      for (const referrer of referrersOf.all(referrerId)) waiting.push({ referrer, terms: news })
    }
  }

  return {
    settle: () => {},
    // The numbers of its terms may be given to other terms.
    discard: () => {
      latest = undefined
    },
    inheritedBy,
    remove: (stored, target) => {
      latest = undefined
      if (target !== undefined) removal.remove(stored, target)
    },
    isInherited: removal.isInherited,
    isVoided: (id) => any && voiderOf.get(bytesOfId(id)) !== undefined,
    link: (arrival) => (arrival.target || any ? handDown(arrival) : undefined)
  }
}
