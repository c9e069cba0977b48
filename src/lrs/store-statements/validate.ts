import { type Problem, RalphError } from '../../errors.ts'
import { validateStatement } from '../../validation/statement.ts'
import { countKeys } from '../../xapi/json-text.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Version } from '../../xapi/version.ts'
import type { SentStatement } from './read.ts'

export interface ValidStatement extends SentStatement {
  readonly statement: Statement
}

/** An answer that names a thousand wrong statements helps nobody more than one that names these. */
const mostProblems = 100

/**
 * Problems of one statement. JSON leaves open which of two equal keys counts: readers would disagree with what was
 * validated, so such a statement is refused.
 */
export const problemsOf = (sent: SentStatement, version: Version): readonly Problem[] => {
  const problems = validateStatement(sent.value, version, sent.index)
  if (problems.length > 0 || countKeys(sent.value) === sent.keys) return problems
  return [{ index: sent.index, pointer: '', rule: 'uniqueKeys', expected: 'each key at most once in an object' }]
}

/** Compiles the rules of a version, which the first statement would else wait for. */
export const compileRules = (version: Version): void => {
  validateStatement(undefined, version)
}

/** All statements, or `INVALID_STATEMENT` with the problems of every one that is wrong (Data §2.2). */
export const validateStatements = (sent: readonly SentStatement[], version: Version): readonly ValidStatement[] => {
  const problems: Problem[] = []
  for (const each of sent) {
    problems.push(...problemsOf(each, version))
    if (problems.length >= mostProblems) break
  }
  const [first] = problems
  if (first !== undefined) throw invalidStatements(first, problems)
  // `validateStatement` has just vouched for each.
  return sent.map((each) => ({ ...each, statement: each.value as Statement }))
}

const invalidStatements = (first: Problem, problems: readonly Problem[]): RalphError => {
  const where = first.pointer === '' ? '' : ` at ${first.pointer}`
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new RalphError(
    'INVALID_STATEMENT',
    `Statement ${first.index}${where}: expected ${first.expected}, by rule ${first.rule}${others}.`,
    { problems }
  )
}
