import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Term } from '../../xapi/terms.ts'

/**
 * A term as a database keeps it: its letter, then 126 bits of a digest in base64url, 22 characters in total. Terms hold IRIs of any length,
 * which no engine accepts as a key. Two terms with the same digest cannot be expected or produced.
 */
export type Token = string

const known = new LRUCache<Term, Token>({
  max: 20_000,
  maxSize: 4_000_000,
  sizeCalculation: (_, term) => term.length + 40
})

export const tokenOf = (term: Term): Token => {
  const present = known.get(term)
  if (present !== undefined) return present
  const token = `${term.slice(0, 1)}${hash('sha256', term, 'base64url').slice(0, 21)}`
  known.set(term, token)
  return token
}

/** Whether statements that target one with this token inherit it. Only the token of the Authority is not inherited (`xapi/terms.ts`). */
export const isInheritable = (token: Token): boolean => !token.startsWith('m')
