import type { Statement } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms, type Term } from '../../xapi/terms.ts'

/**
 * The wide filters contain the narrow ones: the Actor is also a related agent, and so is the Authority. So the list of all related agents
 * is stored as several lists, and each statement is in only one of them. This saves a third of all entries.
 */
const widened: { readonly [wide: string]: readonly string[] } = { A: ['A', 'a', 'm'], C: ['C', 'c'] }

/** The stored terms for this term. A statement with the term has at least one of them. */
export const alternativesOf = (term: Term): Term[] => {
  const value = term.slice(1)
  return (widened[term.charAt(0)] ?? [term.charAt(0)]).map((letter) => letter + value)
}

// The letters of xapi/terms.ts, as codes, because this runs for every term of every statement.
const relatedAgent = 'A'.charCodeAt(0)
const relatedActivity = 'C'.charCodeAt(0)

/**
 * Leaves out the terms that other terms imply, and `own`. The Authority (m) implies only the term beside it. Statements that refer to this
 * one do not inherit the Authority, so the terms that they inherit keep the A.
 */
export const leanTerms = (terms: ReadonlySet<Term>, own?: ReadonlySet<Term>): Term[] => {
  const lean: Term[] = []
  for (const term of terms) {
    const letter = term.charCodeAt(0)
    if (letter === relatedAgent && (terms.has(`a${term.slice(1)}`) || own?.has(`m${term.slice(1)}`))) continue
    if (letter === relatedActivity && terms.has(`c${term.slice(1)}`)) continue
    lean.push(term)
  }
  return lean
}

/** The terms of a statement in the index, without the inherited ones. */
export const leanTermsOf = (statement: Statement): Term[] => {
  const own = ownTerms(statement)
  return [...leanTerms(inheritableTerms(statement), own), ...own]
}
