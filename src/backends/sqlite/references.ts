import type { Statement } from '../../xapi/statement.ts'
import { inheritableTerms, type Term } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Connection } from './connect.ts'
import type { Entries } from './entries.ts'
import { leanTerms } from './lean-terms.ts'
import type { TermId, TermIds } from './term-ids.ts'

/** A statement that has just been written. */
export interface Arrival {
  readonly id: Uint8Array
  readonly stored: Micros
  /** Of its own, those that statements which target it inherit. */
  readonly terms: () => readonly Term[]
  /** The id that its Object refers to. */
  readonly target: Uint8Array | undefined
}

/** Statements that target others by StatementRef (C 2.1.3), whichever of the two comes first. */
export interface References {
  /** Whether a voiding statement that is already there names this id. */
  isVoided(id: Uint8Array): boolean
  /** Hands terms down: to the arrival from its target, and from the arrival to all that target it, however remotely. */
  link(arrival: Arrival): void
}

export const createReferences = (connection: Connection, termIds: TermIds, entries: Entries): References => {
  const insertReference = connection.prepare('INSERT INTO reference (target, referrer) VALUES (?, ?)')
  const referrersOf = connection.prepare<[stored: Micros, id: Uint8Array]>(
    'SELECT stored, id FROM reference JOIN statement ON stored = referrer WHERE target = ?'
  )
  const voiderOf = connection.prepare<[one: number]>(
    'SELECT 1 FROM reference JOIN statement ON stored = referrer WHERE target = ? AND voiding = 1 LIMIT 1'
  )
  const targetById = connection.prepare<[stored: Micros, text: string]>(
    'SELECT stored, text FROM statement WHERE id = ?'
  )
  const insertInherited = connection.prepare('INSERT OR IGNORE INTO inherited (stored, term) VALUES (?, ?)')
  const inheritedOf = connection.prepare<[term: TermId]>('SELECT term FROM inherited WHERE stored = ?')
  /** Most stores never see a StatementRef: then no statement need be looked up as a target. */
  let any = connection.prepare<[one: number]>('SELECT 1 FROM reference LIMIT 1').get() !== undefined

  /** Adds terms to a referrer; returns those that it had not inherited before. */
  const inherit = (stored: Micros, terms: readonly TermId[]): TermId[] => {
    const news: TermId[] = []
    for (const term of terms) {
      if (insertInherited.run(stored, term) === 0) continue
      entries.addLate(term, stored)
      news.push(term)
    }
    return news
  }

  const termsOfTarget = (id: Uint8Array): TermId[] => {
    const target = targetById.get(id)
    if (!target) return []
    const [stored, text] = target
    // It was validated before it was stored.
    const own = leanTerms(inheritableTerms(JSON.parse(text) as Statement)).map(termIds.idOf)
    return [...own, ...inheritedOf.all(stored).map(([term]) => term)]
  }

  return {
    isVoided: (id) => any && voiderOf.get(id) !== undefined,
    link: ({ id, stored, terms, target }) => {
      if (target) {
        insertReference.run(target, stored)
        any = true
        inherit(stored, termsOfTarget(target))
      }
      if (!any) return
      const referrers = referrersOf.all(id)
      if (referrers.length === 0) return
      const own = terms().map(termIds.idOf)
      const inherited = inheritedOf.all(stored).map(([term]) => term)
      // A referrer has inherited whatever its target has: where nothing is new there is nothing to hand on either.
      // This ends circles, and keeps long chains of statements that say the same cheap.
      const waiting = referrers.map((referrer) => ({ referrer, terms: [...own, ...inherited] }))
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const [referrerStored, referrerId] = next.referrer
        const news = inherit(referrerStored, next.terms)
        if (news.length === 0) continue
        for (const referrer of referrersOf.all(referrerId)) waiting.push({ referrer, terms: news })
      }
    }
  }
}
