import type { Json, JsonObject, Result } from '../../../xapi/statement.ts'
import { isObject } from '../../json.ts'
import { keyOfBlock, moduleKeyOf, moduleNameOf, type Platform } from '../addresses.ts'
import { extended, resulting } from '../define.ts'
import type { EdxEvent } from '../event.ts'
import { amountOf, type EventPart, numberOf, partOf, requireText, textOf } from '../fields.ts'
import { readForm } from '../form.ts'
import { type AspectsConversion, bareKey, blockIn, type Question, type Said } from './define.ts'
import { responseText } from './python-text.ts'
import { scoreWithin } from './score.ts'
import { aspectsExtensions as extensions } from './vocabulary.ts'

/** What capa calls a kind of question, and xAPI an interactionType. */
const interactionTypes: { readonly [responseType: string]: string } = {
  annotationresponse: 'fill-in',
  choiceresponse: 'choice',
  choicetextresponse: 'choice',
  formularesponse: 'fill-in',
  imageresponse: 'matching',
  multiplechoiceresponse: 'choice',
  numericalresponse: 'numeric',
  optionresponse: 'choice',
  stringresponse: 'fill-in',
  symbolicresponse: 'fill-in',
  truefalseresponse: 'true-false'
}

const other = 'other'

const interactionOf = (submission: JsonObject): string => {
  const type = submission.response_type
  return (
    (typeof type === 'string' && Object.hasOwn(interactionTypes, type) ? interactionTypes[type] : undefined) ?? other
  )
}

const questionText = (submission: JsonObject): string =>
  typeof submission.question === 'string' ? submission.question.toWellFormed() : ''

/** What was answered to each question, by its id. Problems have it since March 2014. */
const submissionsOf = ({ payload }: EdxEvent): readonly (readonly [key: string, submission: JsonObject])[] => {
  const { value } = partOf(payload, 'submission')
  return Object.entries(value).flatMap(([key, each]) => (isObject(each) ? [[key, each] as const] : []))
}

const hasType = ([, { response_type: type }]: readonly [string, JsonObject]): boolean => Boolean(type)

const definitionOf = (event: EdxEvent, submission: JsonObject | undefined): Said['definition'] => {
  const attempts = extended({ [extensions.attempt]: numberOf(event.payload, 'attempts') || undefined })
  const name = moduleNameOf(event)
  return {
    ...(submission === undefined
      ? name === undefined
        ? undefined
        : { name: { 'en-US': name } }
      : { description: { 'en-US': questionText(submission) } }),
    interactionType: submission === undefined ? other : interactionOf(submission),
    ...(attempts === undefined ? undefined : { extensions: attempts })
  }
}

const truth = (value: Json | undefined): boolean | undefined =>
  value === undefined || value === null ? undefined : Boolean(value)

const answered = (event: EdxEvent, submission: JsonObject | undefined): Result =>
  submission === undefined
    ? (resulting({
        success: textOf(event.payload, 'success') === 'correct',
        response: responseText(event.payload.value.answers)
      }) ?? {})
    : (resulting({ success: truth(submission.correct), response: responseText(submission.answer) }) ?? {})

const pointsOf = ({ payload }: Pick<EdxEvent, 'payload'>, earned: string, possible: string) =>
  scoreWithin(numberOf(payload, earned), amountOf(payload, possible))

const keyOf = (event: EdxEvent): string =>
  textOf(event.payload, 'problem_id') ??
  textOf(event.payload, 'module_id') ??
  moduleKeyOf(event) ??
  requireText(event.payload, 'problem_id')

/** One statement for the problem; where it has several questions, one more for each of them. */
const checked = (event: EdxEvent, platform: Platform): Said => {
  const key = keyOf(event)
  const submissions = submissionsOf(event)
  const [, first] = submissions.find(hasType) ?? []
  const definition = definitionOf(event, first)
  const isGroup = submissions.length > 1
  const questions = submissions.map(
    ([part, submission]): Question => ({
      key: part,
      id: blockIn(platform, [...key.split('@').slice(0, -1), part].join('@')),
      definition: definitionOf(event, submission),
      result: answered(event, submission)
    })
  )
  return {
    id: blockIn(platform, key),
    definition: isGroup ? { ...definition, interactionType: other } : definition,
    result: { ...answered(event, first), score: pointsOf(event, 'grade', 'max_grade') },
    ...(isGroup ? { questions } : undefined)
  }
}

/** Where the page says which component it was opened for, that is the object. */
const activated = (event: EdxEvent): string | undefined => {
  const referer = textOf(event.whole, 'referer') ?? textOf(event.context, 'referer')
  const query = referer?.replace(/^[^?]*\??/, '').replace(/#.*$/, '')
  return (query && new URLSearchParams(query).get('activate_block_id')?.toWellFormed()) || undefined
}

const tried = (event: EdxEvent, platform: Platform): Said => {
  const { block } = readForm(event)
  const key = activated(event) ?? (block === undefined ? undefined : keyOfBlock(event.courseId, 'problem', block))
  const nowhere: EventPart = { value: {}, at: '/event' }
  return {
    id: blockIn(platform, key ?? requireText(nowhere, 'problem_id')),
    definition: definitionOf(event, undefined)
  }
}

export const problemConversions: readonly AspectsConversion[] = [
  {
    events: ['problem_check'],
    source: 'server',
    verb: 'evaluated',
    object: 'interaction',
    note: 'score, success, answer, number of the attempt; with several questions one more statement for each',
    describe: checked
  },
  {
    events: ['problem_check'],
    source: 'browser',
    verb: 'attempted',
    object: 'interaction',
    note: 'no answers',
    describe: tried
  },
  {
    events: ['edx.grades.problem.submitted'],
    verb: 'attempted',
    object: 'question',
    note: 'score, success',
    describe: (event, platform) => {
      const possible = amountOf(event.payload, 'weighted_possible') ?? 0
      const earned = numberOf(event.payload, 'weighted_earned') ?? 0
      return {
        id: blockIn(platform, keyOf(event)),
        definition: {},
        result: { success: earned >= possible, score: scoreWithin(earned, possible) }
      }
    }
  },
  {
    events: ['edx.problem.completed'],
    verb: 'completed',
    object: 'interaction',
    note: 'id: the key itself',
    describe: (event, platform) => ({ id: bareKey(platform, keyOf(event)), definition: {} })
  },
  {
    events: ['showanswer'],
    verb: 'asked',
    object: 'solution',
    describe: (event, platform) => ({
      id: blockIn(platform, `${requireText(event.payload, 'problem_id')}/answer`),
      definition: {}
    })
  },
  {
    events: ['edx.problem.hint.demandhint_displayed'],
    verb: 'asked',
    object: 'supplement',
    describe: (event, platform) => ({
      id: blockIn(
        platform,
        `${requireText(event.payload, 'module_id')}/hint/${requireText(event.payload, 'hint_index')}`
      ),
      definition: {}
    })
  }
]
