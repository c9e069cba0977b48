import { LRUCache } from 'lru-cache'
import type { Token } from '../../storage/batching/tokens.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { indexNames } from './schema.ts'

/** From here on a token counts as common: counting further would take longer than it saves. */
const common = 5000

/** Kinds of tokens (xapi/terms.ts), those that tell statements apart best first. */
const kinds = 'racACvm'

const byKind = (one: Token, other: Token): number => kinds.indexOf(one.charAt(0)) - kinds.indexOf(other.charAt(0))

/**
 * Of the tokens of a query, the one that the fewest statements have: a range of the index holds one token, and what
 * lies in it is looked at for the others. The server would find out too, by trying, but remembers the answer for all
 * queries of the same form, whatever they ask for.
 */
export const createLeadingToken = ({ statements }: Collections) => {
  /** Statements lose no tokens: what is common stays so. */
  const known = new LRUCache<Token, true>({ max: 10_000 })

  const count = async (token: Token, signal: AbortSignal | undefined): Promise<number> => {
    if (known.has(token)) return common
    const counted = await statements.countDocuments(
      { 'ralph.tokens': token },
      { limit: common, hint: indexNames.tokens, maxTimeMS: timeLimits.read, signal }
    )
    if (counted >= common) known.set(token, true)
    return counted
  }

  return async (tokens: readonly Token[], signal: AbortSignal | undefined): Promise<Token | undefined> => {
    const ordered = tokens.toSorted(byKind)
    if (ordered.length < 2) return ordered[0]
    const counts = await Promise.all(ordered.map((token) => count(token, signal)))
    return ordered[counts.indexOf(Math.min(...counts))]
  }
}
