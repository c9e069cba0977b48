import type { JudgeEvent } from '../edx/validate.ts'
import { countKeys, survey } from '../json/exact.ts'
import type { Fault } from '../validation/explain.ts'
import type { ModelJudgement } from '../validation/models.ts'
import type { Profile } from '../validation/profile-names.ts'
import { findIllFormed, maxDepth } from '../validation/rules/well-formed.ts'
import { validateWellFormed } from '../validation/statement.ts'
import type { Version } from '../xapi/version.ts'

/** What records are to be. */
export interface Wanted {
  readonly format: 'edx' | 'xapi'
  /** Of xAPI: statements are then judged by its templates too. */
  readonly profile: Profile | undefined
}

export interface Judgement {
  /** What kind of record it is that no model is for; undefined: there is one. */
  readonly unknown: string | undefined
  /** None: it is valid. */
  readonly problems: readonly Fault[]
}

/** Judges a record; `text` is what its value was read from. */
export type Judge = (value: unknown, text: string) => Judgement

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

const judgeStatement = (value: unknown, text: string): readonly Fault[] => {
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

const withKind = (judged: ModelJudgement, kind: () => string): Judgement =>
  judged.known ? { unknown: undefined, problems: judged.problems } : { unknown: kind(), problems: [] }

const named = (value: unknown): string => (value === undefined ? 'none' : JSON.stringify(value).slice(0, 200))

const eventKind = (value: unknown): string =>
  `an event of event_source ${named(memberOf(value, 'event_source'))} and event_type ${named(memberOf(value, 'event_type'))}`

const judgeEvent = (judge: JudgeEvent, value: unknown, text: string): Judgement => {
  return withKind(judge(value, text), () => eventKind(value))
}

const statementKind = (value: unknown): string => {
  const activity = memberOf(memberOf(memberOf(value, 'object'), 'definition'), 'type')
  return `a statement of verb ${named(memberOf(memberOf(value, 'verb'), 'id'))} and activity type ${named(activity)}`
}

/** What judges the records of a format. */
export const createJudge = async ({ format, profile }: Wanted): Promise<Judge> => {
  if (format === 'edx') {
    const { createEventJudge } = await import('../edx/validate.ts')
    const judge = createEventJudge()
    return (value, text) => judgeEvent(judge, value, text)
  }
  if (profile === undefined) {
    return (value, text) => ({ unknown: undefined, problems: judgeStatement(value, text) })
  }
  const { createProfileJudge } = await import('../validation/profile.ts')
  const judge = createProfileJudge(profile)
  return (value, text) => {
    const problems = judgeStatement(value, text)
    return problems.length > 0 ? { unknown: undefined, problems } : withKind(judge(value), () => statementKind(value))
  }
}
