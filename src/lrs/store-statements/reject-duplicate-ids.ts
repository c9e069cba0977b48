import { type Problem, RalphError } from '../../errors.ts'
import { normalId } from '../../xapi/statement.ts'
import type { ValidStatement } from './validate.ts'

/** The indexes of statements whose id an earlier statement of the batch has. */
export const duplicates = (batch: readonly ValidStatement[]): readonly number[] => {
  const seen = new Set<string>()
  return batch.flatMap(({ statement, index }) => {
    if (statement.id === undefined) return []
    const id = normalId(statement.id)
    if (seen.has(id)) return [index]
    seen.add(id)
    return []
  })
}

/** Two statements of a batch with one id: 1.0.3 says SHOULD reject (Data §2.4.1), 2.0 says MUST. */
export const rejectDuplicateIds = (batch: readonly ValidStatement[]): void => {
  const problems: Problem[] = duplicates(batch).map((index) => ({
    index,
    pointer: '/id',
    rule: 'uniqueIds',
    expected: 'an id that no other statement of the batch has'
  }))
  if (problems.length > 0) {
    throw new RalphError('INVALID_STATEMENT', 'Two statements of the batch have the same id.', { problems })
  }
}
