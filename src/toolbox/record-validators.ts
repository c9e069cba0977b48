import type { EventValidator } from '../edx/validate.ts'
import { countKeys, survey } from '../json/exact.ts'
import type { Fault } from '../validation/explain.ts'
import type { ModelValidation } from '../validation/models.ts'
import type { Profile } from '../validation/profile-names.ts'
import { findIllFormed, maxDepth } from '../validation/rules/well-formed.ts'
import { validateWellFormed } from '../validation/statement.ts'
import type { Version } from '../xapi/version.ts'

/** What records are to be. */
export interface ExpectedRecords {
  readonly format: 'edx' | 'xapi'
  /** Of xAPI: statements are then judged by its templates too. */
  readonly profile: Profile | undefined
}

export interface RecordValidation {
  /** What kind of record it is that no model is for; undefined: there is one. */
  readonly unknown: string | undefined
  /** None: it is valid. */
  readonly problems: readonly Fault[]
}

/** Judges a record; `text` is what its value was read from. */
export type RecordValidator = (value: unknown, text: string) => RecordValidation

/** JSON leaves open which of two equal keys counts: an LRS refuses such a statement, and so does this. */
const repeatedKey: Fault = { pointer: '', rule: 'uniqueKeys', expected: 'each key at most once in an object' }

const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[key] : undefined

/** The version that a statement says it is of. */
const versionOf = (value: unknown): Version => {
  const version = memberOf(value, 'version')
  return typeof version === 'string' && version.startsWith('2.') ? '2.0.0' : '1.0.3'
}

/** Half of a surrogate pair comes through JSON by an escape only. */
const mayHaveSurrogate = (text: string): boolean => text.includes('\\u')

const validateStatement = (value: unknown, text: string): readonly Fault[] => {
  const { keys, depth, mayOverflow } = survey(text)
  // The value is searched only where the text leaves it open.
  if (mayOverflow || depth > maxDepth || mayHaveSurrogate(text)) {
    const illFormed = findIllFormed(value)
    if (illFormed !== undefined) return [illFormed]
  }
  const problems = validateWellFormed(value, versionOf(value))
  if (problems.length > 0) return problems
  return keys === countKeys(value) ? [] : [repeatedKey]
}

const withKind = (judged: ModelValidation, kind: () => string): RecordValidation =>
  judged.known ? { unknown: undefined, problems: judged.problems } : { unknown: kind(), problems: [] }

const named = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value).slice(0, 200))

const eventKind = (value: unknown): string =>
  `an event of event_source ${named(memberOf(value, 'event_source'))} and event_type ${named(memberOf(value, 'event_type'))}`

const validateEvent = (judge: EventValidator, value: unknown, text: string): RecordValidation => {
  return withKind(judge(value, text), () => eventKind(value))
}

const statementKind = (value: unknown): string => {
  const activity = memberOf(memberOf(memberOf(value, 'object'), 'definition'), 'type')
  return `a statement of verb ${named(memberOf(memberOf(value, 'verb'), 'id'))} and activity type ${named(activity)}`
}

/** What judges the records of a format. */
export const createRecordValidator = async ({ format, profile }: ExpectedRecords): Promise<RecordValidator> => {
  if (format === 'edx') {
    const { createEventValidator } = await import('../edx/validate.ts')
    const judge = createEventValidator()
    return (value, text) => validateEvent(judge, value, text)
  }
  if (profile === undefined) {
    return (value, text) => ({ unknown: undefined, problems: validateStatement(value, text) })
  }
  const { createProfileValidator } = await import('../validation/profile.ts')
  const judge = createProfileValidator(profile)
  return (value, text) => {
    const problems = validateStatement(value, text)
    return problems.length > 0 ? { unknown: undefined, problems } : withKind(judge(value), () => statementKind(value))
  }
}
