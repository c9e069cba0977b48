import { blockIri, courseIdOf, courseIri, type Platform, typeOfBlock } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { amountOf, numberOf, requireText, textOf } from './fields.ts'
import { scoreOf, shareOf } from './score.ts'
import { extensions } from './vocabulary.ts'

const learnerOf = ({ payload }: EdxEvent): string | undefined => textOf(payload, 'user_id')

const componentOf = (event: EdxEvent, platform: Platform, key: string): Description => {
  const usageKey = requireText(event.payload, key)
  return { id: blockIri(platform, usageKey), type: typeOfBlock(usageKey) }
}

const gradedCourse = (event: EdxEvent, platform: Platform): string => {
  const course = courseIdOf(event)
  return courseIri(platform, course === '' ? requireText(event.payload, 'course_id') : course)
}

const scored = {
  sources: ['server'],
  verb: 'scored',
  result: 'score',
  actor: 'the learner of the event'
} as const satisfies Partial<Conversion>

const passing = (verb: 'passed' | 'failed', events: readonly string[]): Conversion => ({
  events,
  seen: events,
  sources: ['server'],
  verb,
  object: 'course',
  what: 'the course',
  result: 'success',
  actor: 'the learner of the event',
  describe: (each, platform) => ({
    id: gradedCourse(each, platform),
    name: textOf(each.payload, 'course_name'),
    learner: learnerOf(each),
    result: { success: verb === 'passed' }
  })
})

export const gradeConversions: readonly Conversion[] = [
  {
    ...scored,
    events: ['edx.grades.problem.submitted', 'edx.grades.problem.score_overridden'],
    seen: ['edx.grades.problem.submitted'],
    object: 'block',
    what: 'the component',
    describe: (event, platform) => ({
      ...componentOf(event, platform, 'problem_id'),
      learner: learnerOf(event),
      result: resulting({
        score: scoreOf(numberOf(event.payload, 'weighted_earned'), amountOf(event.payload, 'weighted_possible'))
      })
    })
  },
  {
    ...scored,
    events: ['edx.grades.problem.rescored'],
    object: 'question',
    what: 'the problem',
    describe: (event, platform) => ({
      id: blockIri(platform, requireText(event.payload, 'problem_id')),
      learner: learnerOf(event),
      result: resulting({
        score: scoreOf(numberOf(event.payload, 'new_weighted_earned'), amountOf(event.payload, 'new_weighted_possible'))
      })
    })
  },
  {
    ...scored,
    events: ['edx.grades.subsection.grade_calculated', 'edx.grades.subsection.score_overridden'],
    seen: ['edx.grades.subsection.grade_calculated'],
    object: 'lesson',
    what: 'the subsection',
    describe: (event, platform) => ({
      id: blockIri(platform, requireText(event.payload, 'block_id')),
      learner: learnerOf(event),
      result: resulting({
        score: scoreOf(
          numberOf(event.payload, 'weighted_graded_earned'),
          amountOf(event.payload, 'weighted_graded_possible')
        )
      })
    })
  },
  {
    ...scored,
    events: ['edx.grades.course.grade_calculated'],
    seen: ['edx.grades.course.grade_calculated'],
    object: 'course',
    what: 'the course',
    result: 'score, letter grade as the response',
    describe: (event, platform) => ({
      id: gradedCourse(event, platform),
      learner: learnerOf(event),
      result: resulting({
        score: shareOf(numberOf(event.payload, 'percent_grade')),
        response: textOf(event.payload, 'letter_grade')
      })
    })
  },
  {
    events: ['edx.grades.problem.state_deleted'],
    sources: ['server'],
    verb: 'deleted',
    object: 'block',
    what: "the component, of which a learner's state was deleted",
    context: 'the learner',
    actor: 'the instructor of the event',
    describe: (event, platform) => ({
      ...componentOf(event, platform, 'problem_id'),
      learner: textOf(event.payload, 'instructor_id'),
      extensions: extended({ [extensions.target]: learnerOf(event) })
    })
  },
  {
    events: ['edx.problem.completed'],
    seen: ['edx.problem.completed'],
    sources: ['server'],
    verb: 'completed',
    object: 'block',
    what: 'the component',
    result: 'score, completion',
    actor: 'the learner of the event',
    describe: (event, platform) => ({
      ...componentOf(event, platform, 'problem_id'),
      learner: learnerOf(event),
      result: resulting({
        score: scoreOf(numberOf(event.payload, 'weighted_earned'), amountOf(event.payload, 'weighted_possible')),
        completion: true
      })
    })
  },
  passing('passed', ['edx.course.grade.passed.first_time', 'edx.course.grade.now_passed']),
  passing('failed', ['edx.course.grade.now_failed']),
  {
    events: ['edx.completion.block_completion.changed'],
    seen: ['edx.completion.block_completion.changed'],
    sources: ['server'],
    verb: 'progressed',
    otherwise: { verb: 'completed', when: 'all of it is done' },
    object: 'block',
    what: 'the component',
    result: 'completion, progress',
    actor: 'the learner of the event',
    describe: (event, platform) => {
      const done = numberOf(event.payload, 'completion') ?? 0
      return {
        ...componentOf(event, platform, 'block_id'),
        learner: learnerOf(event),
        otherwise: done >= 1,
        result: resulting({
          completion: done >= 1,
          extensions: extended({ [extensions.progress]: done })
        })
      }
    }
  }
]
