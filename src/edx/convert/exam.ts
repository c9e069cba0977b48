import { blockIri, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { amountOf, requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

const kinds = ['timed', 'proctored', 'practice', 'onboarding'] as const

const ofExams = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => kinds.map((kind) => `edx.special_exam.${kind}.${name}`))

const ofAttempts = (...names: readonly string[]): readonly string[] =>
  ofExams(...names.map((name) => `attempt.${name}`))

/** Hundredths of seconds are what durations of xAPI are compared by (Data §4.6). */
const elapsed = ({ payload }: EdxEvent): string | undefined => {
  const seconds = amountOf(payload, 'attempt_event_elapsed_time_secs')
  return seconds === undefined || seconds > Number.MAX_SAFE_INTEGER
    ? undefined
    : `PT${Number(seconds.toFixed(2)).toString()}S`
}

const examOf = (event: EdxEvent, platform: Platform): Description => ({
  id: blockIri(platform, requireText(event.payload, 'exam_content_id')),
  name: textOf(event.payload, 'exam_name')
})

const attemptOf = (event: EdxEvent, platform: Platform): Description => ({
  ...examOf(event, platform),
  result: resulting({ duration: elapsed(event) }),
  extensions: extended({
    [extensions.attempt]: textOf(event.payload, 'attempt_id'),
    [extensions.type]: textOf(event.payload, 'attempt_status')
  })
})

const byLearner = (event: EdxEvent, platform: Platform): Description => ({
  ...attemptOf(event, platform),
  learner: textOf(event.payload, 'attempt_user_id')
})

const ofLearner = (event: EdxEvent, platform: Platform): Description => ({
  ...attemptOf(event, platform),
  extensions: extended({
    [extensions.attempt]: textOf(event.payload, 'attempt_id'),
    [extensions.type]: textOf(event.payload, 'review_status') ?? textOf(event.payload, 'attempt_status'),
    [extensions.target]: textOf(event.payload, 'attempt_user_id')
  })
})

const exam = {
  sources: ['server'],
  object: 'assessment',
  what: 'the exam'
} as const satisfies Partial<Conversion>

const attempt = {
  ...exam,
  result: 'time taken',
  context: 'number and status of the attempt',
  actor: 'the learner of the event',
  describe: byLearner
} as const satisfies Partial<Conversion>

const review = {
  ...exam,
  result: 'time taken',
  context: 'number and status of the attempt, the learner',
  describe: ofLearner
} as const satisfies Partial<Conversion>

const allowance = {
  ...exam,
  context: 'the allowance, the learner',
  describe: (event, platform) => ({
    ...examOf(event, platform),
    extensions: extended({
      [extensions.type]: textOf(event.payload, 'allowance_key'),
      [extensions.supplement]: textOf(event.payload, 'allowance_value'),
      [extensions.target]: textOf(event.payload, 'allowance_user_id')
    })
  })
} as const satisfies Partial<Conversion>

/** Timed and proctored exams: what learners do in them, what is found of their attempts, and what their teachers set. */
export const examConversions: readonly Conversion[] = [
  {
    ...attempt,
    events: ofAttempts('created'),
    seen: ['edx.special_exam.timed.attempt.created'],
    verb: 'attempted'
  },
  { ...attempt, events: ofAttempts('started'), verb: 'initialized' },
  { ...attempt, events: ofAttempts('resumed'), verb: 'resumed' },
  {
    ...attempt,
    events: ofAttempts('submitted'),
    seen: ['edx.special_exam.timed.attempt.submitted'],
    verb: 'submitted'
  },
  { ...attempt, events: ofAttempts('declined'), verb: 'cancelled' },
  {
    ...attempt,
    events: ofAttempts(
      'download_software_clicked',
      'ready_to_start',
      'ready_to_submit',
      'ready_to_resume',
      'error',
      'timed_out',
      'expired',
      'second_review_required'
    ),
    verb: 'interacted'
  },
  { ...attempt, events: ofExams('option-presented'), verb: 'viewed', result: 'time taken, if there is an attempt' },
  { ...review, events: ofAttempts('verified'), verb: 'approved' },
  { ...review, events: ofAttempts('rejected'), verb: 'rejected' },
  { ...review, events: ofAttempts('review_received'), verb: 'evaluated' },
  { ...review, events: ofAttempts('deleted'), verb: 'deleted' },
  { ...allowance, events: ofExams('allowance.created', 'allowance.updated'), verb: 'assigned' },
  { ...allowance, events: ofExams('allowance.deleted'), verb: 'removed' },
  { ...exam, events: ofExams('created'), verb: 'created', describe: examOf },
  { ...exam, events: ofExams('updated'), verb: 'updated', describe: examOf }
]
