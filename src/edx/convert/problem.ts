import type { Result } from '../../xapi/statement.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { amountOf, answerOf, listOf, numberOf, requireText, textOf, truthOf } from './fields.ts'
import { blockIri, moduleNameOf, type Place, pageOf, usageKeyIn } from './place.ts'
import { scoreOf } from './score.ts'
import { extensions } from './vocabulary.ts'

/** `input_<block>_2_1=choice_0`: the block, in the form of either age. */
const inputName =
  /(?:^|&)input_(?:([0-9a-f]{32})|i4x-([^-=&]{1,99})-([^-=&]{1,99})-problem-([^=&]{1,250}?))_\d{1,4}_\d{1,4}(?=[=&%[]|_[a-z]|$)/

/** The form that a browser shows of a problem: URL-encoded text, in a list where it was graded. */
const formOf = (event: EdxEvent): string | undefined => {
  if (event.text !== undefined) return event.text
  if (Array.isArray(event.whole.value.event)) {
    const [form] = listOf(event.whole, 'event')
    return typeof form === 'string' ? form.toWellFormed() : undefined
  }
  return answerOf(event.payload, 'answers')
}

const problemOfForm = (event: EdxEvent, place: Place, form: string | undefined): string => {
  const match = form === undefined ? null : inputName.exec(form)
  if (match === null) return pageOf(event)
  const [, block, org, course, name] = match
  return blockIri(
    place,
    block === undefined ? `i4x://${org}/${course}/problem/${name}` : usageKeyIn(event.courseId, 'problem', block)
  )
}

/** Of the browser: what was asked of a problem, and the form as it was then. */
const onForm = (event: EdxEvent, place: Place): Description => {
  const form = formOf(event)
  return {
    id: problemOfForm(event, place, form),
    result: resulting({ response: form === '' ? undefined : form })
  }
}

const attemptsOf = ({ payload }: EdxEvent) => extended({ [extensions.attempt]: numberOf(payload, 'attempts') })

const successOf = ({ payload }: EdxEvent): boolean | undefined => {
  const success = textOf(payload, 'success')
  return success === 'correct' ? true : success === 'incorrect' ? false : undefined
}

const problemOf = (event: EdxEvent, place: Place, key = 'problem_id', tail = ''): Description => ({
  id: blockIri(place, requireText(event.payload, key) + tail),
  name: tail === '' ? moduleNameOf(event) : undefined
})

const withResult = (event: EdxEvent, place: Place, result: Result | undefined): Description => ({
  ...problemOf(event, place),
  result
})

const refused = (event: EdxEvent, place: Place): Description => ({
  ...problemOf(event, place),
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
    verb: 'answered',
    result: 'score, success, response, number of the attempt',
    describe: (event, place) =>
      withResult(
        event,
        place,
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
    describe: (event, place) => ({
      ...refused(event, place),
      result: resulting({ response: answerOf(event.payload, 'answers') })
    })
  },
  {
    ...question,
    events: ['problem_rescore'],
    verb: 'evaluated',
    result: 'score, success, number of attempts',
    describe: (event, place) =>
      withResult(
        event,
        place,
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
    describe: (event, place) => problemOf(event, place)
  },
  {
    ...question,
    events: ['save_problem_success'],
    verb: 'saved',
    result: 'response',
    describe: (event, place) => withResult(event, place, resulting({ response: answerOf(event.payload, 'answers') }))
  },
  {
    ...question,
    events: ['showanswer'],
    verb: 'viewed',
    object: 'solution',
    what: "the problem's solution",
    describe: (event, place) => problemOf(event, place, 'problem_id', '/answer')
  },
  {
    ...question,
    events: ['edx.problem.hint.demandhint_displayed'],
    verb: 'viewed',
    object: 'resource',
    what: 'the hint, numbered, of the problem',
    context: 'its text, how many there are',
    describe: (event, place) => ({
      ...problemOf(event, place, 'module_id', `/hint/${numberOf(event.payload, 'hint_index') ?? 0}`),
      extensions: extended({
        [extensions.supplement]: textOf(event.payload, 'hint_text'),
        [extensions.totalItems]: numberOf(event.payload, 'hint_len')
      })
    })
  },
  {
    ...question,
    events: ['edx.problem.hint.feedback_displayed'],
    verb: 'viewed',
    object: 'resource',
    what: 'the feedback to the problem',
    result: 'success, response',
    describe: (event, place) => ({
      ...problemOf(event, place, 'module_id', '/feedback'),
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
    verb: 'attempted',
    result: 'response: the form',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_graded'],
    verb: 'viewed',
    result: 'response: the form',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_reset'],
    verb: 'discarded',
    result: 'response: the form',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_save'],
    verb: 'saved',
    result: 'response: the form',
    describe: onForm
  },
  {
    ...form,
    events: ['problem_show'],
    verb: 'viewed',
    object: 'solution',
    what: "the problem's solution",
    describe: (event, place) => problemOf(event, place, 'problem', '/answer')
  }
]

export const problemConversions: readonly Conversion[] = [...ofServer, ...ofBrowser]
