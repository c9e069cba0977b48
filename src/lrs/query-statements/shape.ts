import type { StoredStatement } from '../../contracts/statement-store.ts'
import { canonical, idsOnly, namedIris } from '../../xapi/format.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import type { Format } from './read-query.ts'

/** JSON texts of statements in the format asked for (C 2.1.3, `format`). `exact` passes on what the store has. */
export const shapeStatements = async (
  call: Call,
  found: readonly StoredStatement[],
  format: Format,
  acceptLanguage: string | undefined
): Promise<readonly string[]> => {
  if (format === 'exact') return found.map(({ text }) => text)
  // The store holds only what was validated when it came in.
  const statements = found.map(({ text }) => JSON.parse(text) as Statement)
  if (format === 'ids') return statements.map((statement) => JSON.stringify(idsOnly(statement)))
  const iris = namedIris(statements)
  const descriptions = await call.store.statements.describe(iris, call)
  return statements.map((statement) => JSON.stringify(canonical(statement, descriptions, acceptLanguage)))
}
