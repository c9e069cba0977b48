import { RalphError } from '../../errors.ts'
import { normalId, type StatementId } from '../../xapi/statement.ts'
import type { SentStatement } from './read.ts'

/** PUT takes one statement, whose id, if it has one, is that of the request (C 2.1.1). */
export const requireId = (sent: readonly SentStatement[], id: StatementId): readonly SentStatement[] => {
  const [only, ...others] = sent
  if (only === undefined || others.length > 0 || only.text.startsWith('[')) {
    throw new RalphError('INVALID_STATEMENT', 'PUT takes one statement, not a list of them.')
  }
  const { value } = only
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string') {
    if (normalId(value.id) !== id) {
      throw new RalphError('INVALID_STATEMENT', 'The id of the statement is not the one in `statementId`.', {
        problems: [{ index: 0, pointer: '/id', rule: 'idOfRequest', expected: `the id ${id}` }]
      })
    }
  }
  return [{ ...only, idOfRequest: id }]
}
