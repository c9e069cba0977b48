import type { Platform } from '../addresses.ts'
import { extended } from '../define.ts'
import type { EdxEvent } from '../event.ts'
import { amountOf, numberOf, requireText, textOf } from '../fields.ts'
import { type AspectsConversion, bareKey, blockIn, courseIn, type Said, targetIn } from './define.ts'
import { scoreWithin } from './score.ts'
import { aspectsExtensions as extensions } from './vocabulary.ts'

const ofCourse = (event: EdxEvent, platform: Platform): Said => ({
  id: courseIn(platform, requireText(event.context, 'course_id')),
  definition: { extensions: extended({ [extensions.mode]: textOf(event.payload, 'mode') }) ?? {} }
})

const course = {
  object: 'course',
  isAboutCourse: true,
  note: 'mode of enrollment in the course',
  describe: ofCourse
} as const satisfies Partial<AspectsConversion>

const enrolled: readonly AspectsConversion[] = [
  {
    ...course,
    events: ['edx.course.enrollment.activated', 'edx.course.enrollment.mode_changed'],
    verb: 'registered'
  },
  { ...course, events: ['edx.course.enrollment.deactivated'], verb: 'unregistered' },
  { ...course, events: ['edx.course.grade.passed.first_time', 'edx.course.grade.now_passed'], verb: 'passed' },
  { ...course, events: ['edx.course.grade.now_failed'], verb: 'failed' }
]

const graded: readonly AspectsConversion[] = [
  {
    events: ['edx.grades.subsection.grade_calculated'],
    verb: 'earned',
    object: 'resource',
    note: 'score of the whole, success',
    describe: (event, platform) => {
      const possible = amountOf(event.payload, 'weighted_total_possible') ?? 0
      const earned = numberOf(event.payload, 'weighted_total_earned') ?? 0
      return {
        id: blockIn(platform, requireText(event.payload, 'block_id')),
        definition: {},
        result: { score: scoreWithin(earned, possible), success: earned >= possible }
      }
    }
  },
  {
    events: ['edx.grades.course.grade_calculated'],
    verb: 'earned',
    object: 'course',
    note: 'score, letter grade (or Fail) as an extension',
    describe: (event, platform) => ({
      id: courseIn(platform, requireText(event.context, 'course_id')),
      definition: {},
      result: {
        score: scoreWithin(numberOf(event.payload, 'percent_grade') ?? 0, 1),
        extensions: { [extensions.grade]: textOf(event.payload, 'letter_grade') ?? 'Fail' }
      }
    })
  },
  {
    events: ['edx.completion.block_completion.changed'],
    verb: 'progressed',
    object: 'resource',
    note: 'completion, progress in percent',
    describe: (event, platform) => {
      const done = numberOf(event.payload, 'completion') ?? 0
      return {
        id: blockIn(platform, requireText(event.payload, 'block_id')),
        definition: {},
        result: { completion: done === 1, extensions: { [extensions.progress]: done * 100 } }
      }
    }
  }
]

const between = (event: EdxEvent, platform: Platform): Said => {
  const { type, payload } = event
  return {
    id: blockIn(platform, requireText(payload, 'id')),
    definition: { extensions: extended({ [extensions.totalItems]: numberOf(payload, 'tab_count') }) ?? {} },
    extensions: extended({
      [extensions.startingPosition]: numberOf(payload, 'current_tab'),
      [extensions.endingPosition]: type.endsWith('tab_selected')
        ? numberOf(payload, 'target_tab')
        : type.endsWith('next_selected')
          ? 'next unit'
          : 'previous unit'
    })
  }
}

const navigated: readonly AspectsConversion[] = [
  {
    events: ['edx.ui.lms.link_clicked'],
    verb: 'navigated',
    object: 'link',
    describe: ({ payload }, platform) => ({
      id: targetIn(platform, requireText(payload, 'target_url')),
      definition: {}
    })
  },
  {
    events: ['edx.ui.lms.outline.selected', 'edx.ui.lms.sequence.outline.selected'],
    verb: 'navigated',
    object: 'module',
    describe: ({ payload }, platform) => {
      const name = textOf(payload, 'target_name')
      return {
        id: targetIn(platform, requireText(payload, 'target_url')),
        definition: name === undefined ? {} : { name: { en: name } }
      }
    }
  },
  {
    events: [
      'edx.ui.lms.sequence.next_selected',
      'edx.ui.lms.sequence.previous_selected',
      'edx.ui.lms.sequence.tab_selected'
    ],
    verb: 'navigated',
    object: 'resource',
    note: 'where from and to, how many there are',
    describe: between
  }
]

const uuid = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i

/** The code of an attempt is a UUID, which is not an IRI. */
const attemptIn = (platform: Platform, code: string): string =>
  uuid.test(code) ? `urn:uuid:${code.toLowerCase()}` : targetIn(platform, `exam-attempt/${code}`)

const examOf = (event: EdxEvent, platform: Platform): Said => {
  const { payload } = event
  const name = textOf(payload, 'exam_name')
  const named = name === undefined ? {} : { name: { en: name } }
  const code = textOf(payload, 'attempt_code')
  const elapsed = numberOf(payload, 'attempt_event_elapsed_time_secs')
  return {
    id: bareKey(platform, requireText(payload, 'exam_content_id')),
    definition: {
      ...named,
      extensions: extended({ [extensions.timeLimit]: numberOf(payload, 'exam_default_time_limit_mins') }) ?? {}
    },
    grouping:
      code === undefined
        ? undefined
        : {
            objectType: 'Activity',
            id: attemptIn(platform, code),
            definition: {
              ...named,
              type: 'http://adlnet.gov/expapi/activities/attempt',
              extensions:
                extended({
                  [extensions.attemptStarted]: textOf(payload, 'attempt_started_at'),
                  [extensions.attemptCompleted]: textOf(payload, 'attempt_completed_at'),
                  [extensions.duration]: elapsed,
                  [extensions.attempt]: numberOf(payload, 'attempt_id')
                }) ?? {}
            }
          }
  }
}

const exams = (kind: string, object: AspectsConversion['object']): readonly AspectsConversion[] => {
  const exam = { object, note: 'time limit; the attempt as grouping', describe: examOf } as const
  return [
    { ...exam, events: [`edx.special_exam.${kind}.attempt.created`], verb: 'initialized' },
    { ...exam, events: [`edx.special_exam.${kind}.attempt.submitted`], verb: 'terminated' }
  ]
}

export const courseConversions: readonly AspectsConversion[] = [
  ...enrolled,
  ...graded,
  ...navigated,
  ...exams('timed', 'timedAssessment'),
  ...exams('practice', 'practiceAssessment'),
  ...exams('proctored', 'proctoredAssessment')
]
