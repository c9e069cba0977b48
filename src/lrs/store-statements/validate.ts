import { setImmediate } from 'node:timers/promises'
import { type Problem, RalphError } from '../../errors.ts'
import { countKeys } from '../../json/exact.ts'
import { findIllFormed } from '../../validation/rules/well-formed.ts'
import { validateStatement, validateWellFormed } from '../../validation/statement.ts'
import type { Statement } from '../../xapi/statement.ts'
import type { Version } from '../../xapi/version.ts'
import { mapYielding } from '../yielding.ts'
import { withoutExtensions } from './long.ts'
import { type Excess, parseSent, type SentStatement } from './read.ts'

export interface ValidStatement extends SentStatement {
  /** Of a long one without what is in its extensions, as `withoutExtensions`. */
  readonly statement: Statement
}

/** An answer that names a thousand wrong statements helps nobody more than one that names these. */
const mostProblems = 100

/** Either the problems of a statement, at least one, or that it is valid. */
export type StatementValidation =
  | ValidStatement
  | { readonly index: number; readonly problems: readonly Problem[]; readonly excess: Excess | undefined }

/**
 * JSON leaves open which of two equal keys counts: readers would disagree with what was validated, so a statement that
 * has them is refused.
 */
const repeatedKeys = (value: unknown, { index, keys }: SentStatement): readonly Problem[] =>
  countKeys(value) === keys
    ? []
    : [{ index, pointer: '', rule: 'uniqueKeys', expected: 'each key at most once in an object' }]

/** Compiles the rules of a version, which the first statement would else wait for. */
export const compileRules = (version: Version): void => {
  validateStatement(undefined, version)
}

const resultOf = (sent: SentStatement, value: unknown, problems: readonly Problem[]): StatementValidation => {
  if (problems.length > 0) return { index: sent.index, problems, excess: undefined }
  // It was validated.
  const statement = value as Statement
  return { ...sent, statement: sent.isLong ? withoutExtensions(statement) : statement }
}

/** As `judgeStatement`: others have their turn between the steps, each of which goes through all of the statement. */
const validateLong = async (sent: SentStatement, value: unknown, version: Version): Promise<StatementValidation> => {
  await setImmediate()
  const illFormed = findIllFormed(value)
  if (illFormed !== undefined) return resultOf(sent, value, [{ index: sent.index, ...illFormed }])
  await setImmediate()
  const faults = validateWellFormed(value, version)
  if (faults.length > 0)
    return resultOf(
      sent,
      value,
      faults.map((fault) => ({ index: sent.index, ...fault }))
    )
  await setImmediate()
  return resultOf(sent, value, repeatedKeys(value, sent))
}

/** Judges the value of a statement that was sent. */
export const validateValue = (
  sent: SentStatement,
  value: unknown,
  version: Version
): StatementValidation | Promise<StatementValidation> => {
  if (sent.isLong) return validateLong(sent, value, version)
  const problems = validateStatement(value, version, sent.index)
  return resultOf(sent, value, problems.length > 0 ? problems : repeatedKeys(value, sent))
}

/** Parses and judges one statement of a body. `INVALID_JSON`. */
export const validateText = (
  sent: SentStatement,
  json: Uint8Array,
  version: Version
): StatementValidation | Promise<StatementValidation> => {
  const { index, excess } = sent
  if (excess !== undefined) return { index, problems: [excess.problem], excess }
  return validateValue(sent, parseSent(sent, json), version)
}

/** All statements, or `INVALID_STATEMENT` with the problems of those that are wrong (Data §2.2). */
export const requireValid = (judgements: readonly StatementValidation[]): readonly ValidStatement[] => {
  const valid: ValidStatement[] = []
  const problems: Problem[] = []
  let excess: Excess | undefined
  for (const each of judgements) {
    if ('statement' in each) valid.push(each)
    else {
      problems.push(...each.problems)
      excess ??= each.excess
    }
  }
  if (problems.length > 0) throw invalidStatements(problems, excess)
  return valid
}

/** All statements of a body, judged; or `INVALID_STATEMENT`, as `requireValid`. */
export const validateStatements = async (
  sent: readonly SentStatement[],
  json: Uint8Array,
  version: Version
): Promise<readonly ValidStatement[]> => {
  let wrong = 0
  const judgements: StatementValidation[] = []
  const keep = (judgement: StatementValidation): void => {
    judgements.push(judgement)
    if (!('statement' in judgement)) wrong += judgement.problems.length
  }
  await mapYielding(sent, (each) => {
    if (wrong >= mostProblems) return
    const judgement = validateText(each, json, version)
    return judgement instanceof Promise ? judgement.then(keep) : keep(judgement)
  })
  return requireValid(judgements)
}

/** `INVALID_STATEMENT` with these problems, of which there is at least one. */
export const invalidStatements = (problems: readonly Problem[], excess?: Excess): RalphError => {
  const [first] = problems
  if (first === undefined) throw new RalphError('INTERNAL', 'A statement was refused without a problem.')
  const where = first.pointer === '' ? '' : ` at ${first.pointer}`
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new RalphError(
    'INVALID_STATEMENT',
    `Statement ${first.index}${where}: expected ${first.expected}, by rule ${first.rule}${others}.`,
    { problems, ...excess?.details }
  )
}
