import { type Problem, RalphError } from '../../errors.ts'
import { validateStatement } from '../../validation/statement.ts'
import { countKeys } from '../../xapi/json-text.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Version } from '../../xapi/version.ts'
import { mapInTurns } from './in-turns.ts'
import type { SentStatement } from './read.ts'

export interface ValidStatement extends SentStatement {
  readonly statement: Statement
}

/** An answer that names a thousand wrong statements helps nobody more than one that names these. */
const mostProblems = 100

/** Either the problems of a statement, at least one, or that it is valid. */
export type Judgement = ValidStatement | { readonly index: number; readonly problems: readonly Problem[] }

/**
 * JSON leaves open which of two equal keys counts: readers would disagree with what was validated, so a statement that
 * has them is refused.
 */
const problemsOf = (sent: SentStatement, version: Version): readonly Problem[] => {
  const problems = validateStatement(sent.value, version, sent.index)
  if (problems.length > 0 || countKeys(sent.value) === sent.keys) return problems
  return [{ index: sent.index, pointer: '', rule: 'uniqueKeys', expected: 'each key at most once in an object' }]
}

/** Compiles the rules of a version, which the first statement would else wait for. */
export const compileRules = (version: Version): void => {
  validateStatement(undefined, version)
}

export const judgeStatement = (sent: SentStatement, version: Version): Judgement => {
  const problems = problemsOf(sent, version)
  // `validateStatement` has just vouched for it.
  return problems.length === 0 ? { ...sent, statement: sent.value as Statement } : { index: sent.index, problems }
}

/** All statements, or `INVALID_STATEMENT` with the problems of every one that is wrong (Data §2.2). */
export const validateStatements = async (
  sent: readonly SentStatement[],
  version: Version
): Promise<readonly ValidStatement[]> => {
  const valid: ValidStatement[] = []
  const problems: Problem[] = []
  await mapInTurns(sent, (each) => {
    if (problems.length >= mostProblems) return
    const judged = judgeStatement(each, version)
    if ('statement' in judged) valid.push(judged)
    else problems.push(...judged.problems)
  })
  if (problems.length > 0) throw invalidStatements(problems)
  return valid
}

/** `INVALID_STATEMENT` with these problems, of which there is at least one. */
export const invalidStatements = (problems: readonly Problem[]): RalphError => {
  const [first] = problems
  if (first === undefined) throw new RalphError('INTERNAL', 'A statement was refused without a problem.')
  const where = first.pointer === '' ? '' : ` at ${first.pointer}`
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new RalphError(
    'INVALID_STATEMENT',
    `Statement ${first.index}${where}: expected ${first.expected}, by rule ${first.rule}${others}.`,
    { problems }
  )
}
