import { LRUCache } from 'lru-cache'
import type { Token } from '../../storage/batching/tokens.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { indexNames } from './schema.ts'

/** A token with this many statements counts as common. Counting further would take longer than it saves. */
const common = 5000

/** The kinds of tokens (xapi/terms.ts). The most selective kinds come first. */
const kinds = 'racACvm'

const byKind = (one: Token, other: Token): number => kinds.indexOf(one.charAt(0)) - kinds.indexOf(other.charAt(0))

/**
 * Chooses the token of a query that the fewest statements have. A range of the index holds one token, and the server checks the statements
 * in it for the other tokens. The server would also find the best token by trials. But it remembers the result for all queries of the same
 * form, whatever their values are.
 */
export const createLeadingToken = ({ statements }: Collections) => {
  /** Statements never lose tokens, so a common token stays common. */
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
