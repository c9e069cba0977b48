import type { StoredStatement } from '../../contracts/statement-store.ts'
import { canonical, idsOnly, namedIris } from '../../xapi/format.ts'
import { parseExactly } from '../../xapi/parse-exactly.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { describe } from '../describe.ts'
import type { Format } from './read-query.ts'

/**
 * Statements with their texts in the format asked for (Communication §2.1.3, `format`). `exact` is what the store has.
 */
export const shapeStatements = async (
  call: Call,
  found: readonly StoredStatement[],
  format: Format,
  acceptLanguage: string | undefined
): Promise<readonly StoredStatement[]> => {
  if (format === 'exact') return found
  // The store holds only what was validated when it came in.
  const parsed = found.map((stored) => ({ stored, statement: parseExactly(stored.text) as Statement }))
  const reshape = format === 'ids' ? idsOnly : await canonicalFor(call, parsed, acceptLanguage)
  return parsed.map(({ stored, statement }) => ({ ...stored, text: JSON.stringify(reshape(statement)) }))
}

const canonicalFor = async (
  call: Call,
  page: readonly { readonly statement: Statement }[],
  acceptLanguage: string | undefined
): Promise<(statement: Statement) => Statement> => {
  const iris = namedIris(page.map(({ statement }) => statement))
  const descriptions = await describe(call, iris)
  return (statement) => canonical(statement, descriptions, acceptLanguage)
}
