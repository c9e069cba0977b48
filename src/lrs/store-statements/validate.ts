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
  /** For a long one, without the content of its extensions (`withoutExtensions`). */
  readonly statement: Statement
}

/** The most problems in an answer. More of them would not help. */
const mostProblems = 100

/** Either the problems of a statement, at least one, or that it is valid. */
export type StatementValidation =
  | ValidStatement
  | { readonly index: number; readonly problems: readonly Problem[]; readonly excess: Excess | undefined }

/**
 * JSON does not say which of two equal keys counts. A reader could see another value than the one that was validated, so such a statement
 * is refused.
 */
const repeatedKeys = (value: unknown, { index, keys }: SentStatement): readonly Problem[] =>
  countKeys(value) === keys
    ? []
    : [{ index, pointer: '', rule: 'uniqueKeys', expected: 'each key at most once in an object' }]

/** Compiles the rules of a version. Otherwise the first statement would wait for it. */
export const compileRules = (version: Version): void => {
  validateStatement(undefined, version)
}

const resultOf = (sent: SentStatement, value: unknown, problems: readonly Problem[]): StatementValidation => {
  if (problems.length > 0) return { index: sent.index, problems, excess: undefined }
  // It was validated.
  const statement = value as Statement
  return { ...sent, statement: sent.isLong ? withoutExtensions(statement) : statement }
}

/** As `judgeStatement`, but other requests run between the steps. Each step goes through the whole statement. */
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

/** Validates the value of a statement that was sent. */
export const validateValue = (
  sent: SentStatement,
  value: unknown,
  version: Version
): StatementValidation | Promise<StatementValidation> => {
  if (sent.isLong) return validateLong(sent, value, version)
  const problems = validateStatement(value, version, sent.index)
  return resultOf(sent, value, problems.length > 0 ? problems : repeatedKeys(value, sent))
}

/** Parses and validates one statement of a body. Throws `INVALID_JSON`. */
export const validateText = (
  sent: SentStatement,
  json: Uint8Array,
  version: Version
): StatementValidation | Promise<StatementValidation> => {
  const { index, excess } = sent
  if (excess !== undefined) return { index, problems: [excess.problem], excess }
  return validateValue(sent, parseSent(sent, json), version)
}

/** All statements. Throws `INVALID_STATEMENT` with the problems of the invalid ones (Data §2.2). */
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

/** Validates all statements of a body. Throws `INVALID_STATEMENT`, as `requireValid`. */
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

/** `INVALID_STATEMENT` with these problems. There must be at least one. */
export const invalidStatements = (problems: readonly Problem[], excess?: Excess): RalphError => {
  const [first] = problems
  if (first === undefined) throw new RalphError('INTERNAL', 'A statement was refused without a problem.')
  const where = first.pointer === '' ? '' : ` at ${first.pointer}`
  const others = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new RalphError(
    'INVALID_STATEMENT',
    `Statement ${first.index}${where}: expected ${first.expected} (rule ${first.rule})${others}.`,
    { problems, ...excess?.details }
  )
}
