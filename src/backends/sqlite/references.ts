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

/** A statement that has just been written. */
export interface Arrival {
  readonly id: StatementId
  readonly stored: Micros
  readonly statement: Statement
  /** The id that its Object refers to. */
  readonly target: StatementId | undefined
  /** Told of each term before it is handed down. */
  readonly inheritance?: Inheritance | undefined
}

/** Statements that target others by StatementRef (Communication §2.1.3), whichever of the two comes first. */
export interface References extends Participant {
  /** Whether a voiding statement that is already there names this id. */
  isVoided(id: StatementId): boolean
  /**
   * Hands terms down: to the arrival from its target, and from the arrival to all that target it, however remotely.
   * Undefined where there is nothing to hand down.
   */
  link(arrival: Arrival): Yielding<void> | undefined
  /** The terms that a statement has from what it targets. */
  inheritedBy(stored: Micros): TermId[]
}

/** To parse so many characters costs about as much as to hand down a term. */
const charactersOfTerm = 1024

export const createReferences = (connection: Connection, termIds: TermIds, index: IndexTables): References => {
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
  /** Most stores never see a StatementRef: then no statement need be looked up as a target. */
  let any = connection.prepare<[one: number]>('SELECT 1 FROM reference LIMIT 1').get() !== undefined

  /** After a refusal the transaction undoes the terms that were handed down before. */
  const take = (inheritance: Inheritance | undefined, terms: number): void => {
    try {
      inheritance?.take(terms)
    } catch (cause) {
      throw new Spoilt('', { cause })
    }
  }

  /** Adds terms to a referrer; returns those that it had not inherited before. */
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

  /** Of a statement's own terms, those that statements which target it inherit. */
  const heritageOf = (statement: Statement): TermId[] => leanTerms(inheritableTerms(statement)).map(termIds.idOf)

  const inheritedBy = (stored: Micros): TermId[] => inheritedOf.all(stored).map(([term]) => term)

  /** The last target that was parsed: a batch may refer to a long one a thousand times. */
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
    // A referrer has inherited whatever its target has: where nothing is new there is nothing to hand on either.
    // This ends circles, and keeps long chains of statements that say the same cheap.
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
    // Numbers of its terms may be given to others.
    discard: () => {
      latest = undefined
    },
    inheritedBy,
    isVoided: (id) => any && voiderOf.get(bytesOfId(id)) !== undefined,
    link: (arrival) => (arrival.target || any ? handDown(arrival) : undefined)
  }
}
