import type { Result } from '../../xapi/statement.ts'
import { blockIri, keyOfBlock, moduleNameOf, type Platform, pageOf } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { amountOf, answerOf, numberOf, requireText, textOf, truthOf } from './fields.ts'
import { readForm } from './form.ts'
import { scoreOf } from './score.ts'
import { extensions } from './vocabulary.ts'

const problemOfForm = (event: EdxEvent, platform: Platform, block: string | undefined): string => {
  const key = block === undefined ? undefined : keyOfBlock(event.courseId, 'problem', block)
  return key === undefined ? pageOf(event) : blockIri(platform, key)
}

/** Of the browser: what was asked of a problem, and the answers that stood in its form then. */
const onForm = (event: EdxEvent, platform: Platform): Description => {
  const { block, response } = readForm(event)
  return { id: problemOfForm(event, platform, block), result: resulting({ response }) }
}

const attemptsOf = ({ payload }: EdxEvent) => extended({ [extensions.attempt]: numberOf(payload, 'attempts') })

const successOf = ({ payload }: EdxEvent): boolean | undefined => {
  const success = textOf(payload, 'success')
  return success === 'correct' ? true : success === 'incorrect' ? false : undefined
}

const problemOf = (event: EdxEvent, platform: Platform, key = 'problem_id', tail = ''): Description => ({
  id: blockIri(platform, requireText(event.payload, key) + tail),
  name: tail === '' ? moduleNameOf(event) : undefined
})

const withResult = (event: EdxEvent, platform: Platform, result: Result | undefined): Description => ({
  ...problemOf(event, platform),
  result
})

const refused = (event: EdxEvent, platform: Platform): Description => ({
  ...problemOf(event, platform),
  extensions: extended({ [extensions.type]: textOf(event.payload, 'failure') })
})

const question = {
  sources: ['server'],
  object: 'question',
  what: 'the problem'
} as const satisfies Partial<Conversion>
const form = {
  sources: ['browser'],
  object: 'question',
  what: 'the problem'
} as const satisfies Partial<Conversion>

const ofServer: readonly Conversion[] = [
  {
    ...question,
    events: ['problem_check'],
    seen: ['problem_check'],
    verb: 'answered',
    result: 'score, success, response, number of the attempt',
    describe: (event, platform) =>
      withResult(
        event,
        platform,
        resulting({
          score: scoreOf(numberOf(event.payload, 'grade'), amountOf(event.payload, 'max_grade')),
          success: successOf(event),
          response: answerOf(event.payload, 'answers'),
          extensions: attemptsOf(event)
        })
      )
  },
  {
    ...question,
    events: ['problem_check_fail'],
    verb: 'attempted',
    result: 'response',
    context: 'why it was not checked',
    describe: (event, platform) => ({
      ...refused(event, platform),
      result: resulting({ response: answerOf(event.payload, 'answers') })
    })
  },
  {
    ...question,
    events: ['problem_rescore'],
    verb: 'evaluated',
    result: 'score, success, number of attempts',
    describe: (event, platform) =>
      withResult(
        event,
        platform,
        resulting({
          score: scoreOf(numberOf(event.payload, 'new_score'), amountOf(event.payload, 'new_total')),
          success: successOf(event),
          extensions: attemptsOf(event)
        })
      )
  },
  {
    ...question,
    events: ['problem_rescore_fail', 'reset_problem_fail', 'save_problem_fail'],
    verb: 'interacted',
    context: 'why it was refused',
    describe: refused
  },
  {
    ...question,
    events: ['reset_problem'],
    verb: 'discarded',
    describe: (event, platform) => problemOf(event, platform)
  },
  {
    ...question,
    events: ['save_problem_success'],
    verb: 'saved',
    result: 'response',
    describe: (event, platform) =>
      withResult(event, platform, resulting({ response: answerOf(event.payload, 'answers') }))
  },
  {
    ...question,
    events: ['showanswer'],
    seen: ['showanswer'],
    verb: 'viewed',
    object: 'solution',
    what: "the problem's solution",
    describe: (event, platform) => problemOf(event, platform, 'problem_id', '/answer')
  },
  {
    ...question,
    events: ['edx.problem.hint.demandhint_displayed'],
    seen: ['edx.problem.hint.demandhint_displayed'],
    verb: 'viewed',
    object: 'resource',
    what: 'the hint, numbered, of the problem',
    context: 'its text, how many there are',
    describe: (event, platform) => ({
      ...problemOf(event, platform, 'module_id', `/hint/${numberOf(event.payload, 'hint_index') ?? 0}`),
      extensions: extended({
        [extensions.supplement]: textOf(event.payload, 'hint_text'),
        [extensions.totalItems]: numberOf(event.payload, 'hint_len')
      })
    })
  },
  {
    ...question,
    events: ['edx.problem.hint.feedback_displayed'],
    seen: ['edx.problem.hint.feedback_displayed'],
    verb: 'viewed',
    object: 'resource',
    what: 'the feedback to the problem',
    result: 'success, response',
    describe: (event, platform) => ({
      ...problemOf(event, platform, 'module_id', '/feedback'),
      result: resulting({
        success: truthOf(event.payload, 'correctness'),
        response: answerOf(event.payload, 'student_answer')
      })
    })
  }
]

const ofBrowser: readonly Conversion[] = [
  {
    ...form,
    events: ['problem_check'],
    seen: ['problem_check'],
    verb: 'attempted',
    result: 'response: the answers',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_graded'],
    seen: ['problem_graded'],
    verb: 'viewed',
    result: 'response: the answers',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_reset'],
    verb: 'discarded',
    result: 'response: the answers',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_save'],
    verb: 'saved',
    result: 'response: the answers',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_show'],
    seen: ['problem_show'],
    verb: 'viewed',
    object: 'solution',
    what: "the problem's solution",
    describe: (event, platform) => problemOf(event, platform, 'problem', '/answer')
  }
]

export const problemConversions: readonly Conversion[] = [...ofServer, ...ofBrowser]
