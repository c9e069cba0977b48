import { isObject } from '../json.ts'
import { blockIri, inCourse, moduleKeyOf, moduleNameOf, type Platform, pageOf } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { answerText, type EventPart, listOf, numberOf, partOf, requireText, textOf } from './fields.ts'
import { scoreOf } from './score.ts'
import { extensions } from './vocabulary.ts'

const assessment = (event: EdxEvent, platform: Platform): Description => {
  const key = textOf(event.payload, 'item_id') ?? moduleKeyOf(event)
  return {
    id: key === undefined ? inCourse(platform, event.courseId, 'openassessment') : blockIri(platform, key),
    name: moduleNameOf(event)
  }
}

/** The texts of all parts of a response. */
const writtenIn = (answer: EventPart): string | undefined => {
  const texts = listOf(answer, 'parts').flatMap((part) => (isObject(part) ? (answerText(part.text) ?? []) : []))
  return texts.length > 0 ? texts.join('[,]') : textOf(answer, 'text')
}

/** `saved_response` is an object, or JSON text of one. */
const savedIn = (event: EdxEvent): string | undefined => {
  const saved = event.payload.value.saved_response
  if (typeof saved === 'string') return saved === '' ? undefined : saved.toWellFormed()
  return writtenIn(partOf(event.payload, 'saved_response'))
}

/** Points are summed where every criterion names those that were given. */
const pointsOf = ({ payload }: EdxEvent) => {
  const at = (part: unknown, key: string): EventPart => ({
    value: isObject(part) && isObject(part[key]) ? part[key] : {},
    at: '/event/parts'
  })
  const parts = listOf(payload, 'parts')
  let [raw, max] = [0, 0]
  for (const part of parts) {
    const earned = numberOf(at(part, 'option'), 'points')
    const possible = numberOf(at(part, 'criterion'), 'points_possible')
    if (earned === undefined || possible === undefined) return undefined
    raw += earned
    max += possible
  }
  return parts.length === 0 ? undefined : scoreOf(raw, max)
}

const common = {
  sources: ['server'],
  object: 'assessment',
  what: 'the open response assessment'
} as const satisfies Partial<Conversion>

const assessed = (event: EdxEvent, platform: Platform): Description => ({
  ...assessment(event, platform),
  result: resulting({
    score: pointsOf(event),
    response: textOf(event.payload, 'feedback')
  }),
  extensions: extended({
    [extensions.type]: textOf(event.payload, 'score_type'),
    [extensions.target]: textOf(event.payload, 'submission_uuid')
  })
})

export const openResponseConversions: readonly Conversion[] = [
  {
    ...common,
    events: ['openassessmentblock.create_submission'],
    verb: 'submitted',
    result: 'response, number of the attempt',
    context: 'id of the submission',
    describe: (event, platform) => ({
      ...assessment(event, platform),
      result: resulting({
        response: writtenIn(partOf(event.payload, 'answer')),
        extensions: extended({
          [extensions.attempt]: numberOf(event.payload, 'attempt_number')
        })
      }),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'submission_uuid')
      })
    })
  },
  {
    ...common,
    events: ['openassessmentblock.save_submission'],
    verb: 'saved',
    result: 'response',
    describe: (event, platform) => ({
      ...assessment(event, platform),
      result: resulting({ response: savedIn(event) })
    })
  },
  {
    ...common,
    events: ['openassessmentblock.get_peer_submission', 'openassessmentblock.get_submission_for_staff_grading'],
    verb: 'viewed',
    context: 'id of the submission',
    describe: (event, platform) => ({
      ...assessment(event, platform),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'submission_returned_uuid')
      })
    })
  },
  {
    ...common,
    events: ['openassessmentblock.peer_assess', 'openassessmentblock.self_assess', 'openassessmentblock.staff_assess'],
    verb: 'evaluated',
    result: 'score where points are told, response: the feedback',
    context: 'kind of assessment, id of the submission',
    describe: assessed
  },
  {
    ...common,
    events: ['openassessment.student_training_assess_example', 'openassessmentblock.student_training_assess_example'],
    verb: 'attempted',
    result: 'response: the options chosen',
    context: 'id of the submission',
    describe: (event, platform) => ({
      ...assessment(event, platform),
      result: resulting({
        response: answerText(event.payload.value.options_selected)
      }),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'submission_uuid')
      })
    })
  },
  {
    ...common,
    events: ['openassessmentblock.submit_feedback_on_assessments'],
    verb: 'commented',
    result: 'response: the feedback',
    context: 'id of the submission',
    describe: (event, platform) => ({
      ...assessment(event, platform),
      result: resulting({ response: textOf(event.payload, 'feedback_text') }),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'submission_uuid')
      })
    })
  },
  {
    events: ['openassessment.upload_file'],
    sources: ['browser'],
    verb: 'uploaded',
    object: 'file',
    what: 'the file, on the page of the assessment',
    context: 'media type',
    describe: (event) => {
      const name = requireText(event.payload, 'fileName')
      return {
        id: `${pageOf(event).replace(/#.*$/, '')}#${encodeURIComponent(name)}`,
        name,
        extensions: extended({
          [extensions.type]: textOf(event.payload, 'fileType')
        })
      }
    }
  }
]
