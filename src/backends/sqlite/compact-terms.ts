import type { Statement } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms, type Term } from '../../xapi/terms.ts'

/**
 * The wide filters contain the narrow ones: whoever is the Actor is also a related agent, and so is the Authority.
 * A list of all related agents is therefore read as several lists, of which only one has each statement, which saves
 * a third of what is written.
 */
const widened: { readonly [wide: string]: readonly string[] } = { A: ['A', 'a', 'm'], C: ['C', 'c'] }

/** The terms, at least one of which a statement has in the store if it has this one. */
export const alternativesOf = (term: Term): Term[] => {
  const value = term.slice(1)
  return (widened[term.charAt(0)] ?? [term.charAt(0)]).map((letter) => letter + value)
}

// The letters of xapi/terms.ts, as codes: this is done for every term of every statement.
const relatedAgent = 'A'.charCodeAt(0)
const relatedActivity = 'C'.charCodeAt(0)

/**
 * Leaves out what another of the terms implies; `own` is not returned. The Authority (m) implies only where it stands
 * beside the term: it is not handed down to statements that refer to this one, so what they inherit keeps the A.
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

/** What the index holds of a statement, but for what it inherits. */
export const leanTermsOf = (statement: Statement): Term[] => {
  const own = ownTerms(statement)
  return [...leanTerms(inheritableTerms(statement), own), ...own]
}
