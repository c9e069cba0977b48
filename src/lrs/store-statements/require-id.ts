import { RalphError } from '../../errors.ts'
import { normalId, type StatementId } from '../../xapi/statement.ts'

/** If a statement sent by PUT has an id, it must be the id in the request (Communication §2.1.1). */
export const requireId = (value: unknown, id: StatementId): void => {
  if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string') {
    if (normalId(value.id) !== id) {
      throw new RalphError('INVALID_STATEMENT', 'The id of the statement is not the one in `statementId`.', {
        problems: [{ index: 0, pointer: '/id', rule: 'idOfRequest', expected: `the id ${id}` }]
      })
    }
  }
}
