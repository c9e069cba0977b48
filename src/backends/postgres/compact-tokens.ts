import { type Token, tokenOf } from '../../storage/batching/tokens.ts'
import type { Statement } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms, type Term } from '../../xapi/terms.ts'

/**
 * The wide filters contain the narrow ones: the Actor is also a related agent, and so is the Authority. So a wide token has no entry if a
 * narrow token of the same statement implies it. A query with a wide token reads several lists instead. This saves a third of all entries.
 * Inherited tokens are written as they are: a statement inherits the agent of the Authority, not the Authority itself.
 */
const implied: { readonly [narrow: string]: string } = { a: 'A', m: 'A', c: 'C' }
const alternatives: { readonly [wide: string]: readonly string[] } = { A: ['A', 'a', 'm'], C: ['C', 'c'] }

/** The tokens of a new statement that get an entry. */
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

/** The tokens for this term. A statement with the term has an entry for at least one of them. */
export const alternativesOf = (term: Term): Token[] => {
  const letter = term.charAt(0)
  return (alternatives[letter] ?? [letter]).map((each) => tokenOf(each + term.slice(1)))
}
