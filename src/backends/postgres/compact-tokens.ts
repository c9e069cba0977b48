import { type Token, tokenOf } from '../../storage/batching/tokens.ts'
import type { Statement } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms, type Term } from '../../xapi/terms.ts'

/**
 * The wide filters contain the narrow ones: who is the Actor is also a related agent, and so is the Authority. What a
 * statement's own narrow terms imply is not written; a wide list is read as several ones, which saves a third of all
 * entries. What a statement inherits is written as it is: the Authority is not handed down, but the agent that it is.
 */
const implied: { readonly [narrow: string]: string } = { a: 'A', m: 'A', c: 'C' }
const alternatives: { readonly [wide: string]: readonly string[] } = { A: ['A', 'a', 'm'], C: ['C', 'c'] }

/** Of the tokens of a new statement, those that have an entry. */
export const leanTokens = (statement: Statement, tokens: readonly Token[]): Token[] => {
  const needless = new Set<Token>()
  for (const terms of [inheritableTerms(statement), ownTerms(statement)]) {
    for (const term of terms) {
      const wide = implied[term.charAt(0)]
      if (wide !== undefined) needless.add(tokenOf(wide + term.slice(1)))
    }
  }
  return tokens.filter((token) => !needless.has(token))
}

/** The tokens of which a statement has an entry, of at least one, if it has this term. */
export const alternativesOf = (term: Term): Token[] => {
  const letter = term.charAt(0)
  return (alternatives[letter] ?? [letter]).map((each) => tokenOf(each + term.slice(1)))
}
