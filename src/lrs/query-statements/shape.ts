import type { StoredStatement } from '../../contracts/statement-store.ts'
import { canonical, idsOnly, namedIris } from '../../xapi/format.ts'
import { setAside } from '../../xapi/set-aside.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { describe } from '../describe.ts'
import { mapInTurns } from '../in-turns.ts'
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
  const parsed = await mapInTurns(found, (stored) => {
    const { text, putBack } = setAside(stored.text)
    // The store holds only what was validated when it came in.
    return { stored, statement: JSON.parse(text) as Statement, putBack }
  })
  const reshape = format === 'ids' ? idsOnly : await canonicalFor(call, parsed, acceptLanguage)
  return mapInTurns(parsed, ({ stored, statement, putBack }) => ({
    ...stored,
    text: putBack(JSON.stringify(reshape(statement)))
  }))
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
