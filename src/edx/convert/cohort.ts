import type { Conversion, Description } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { inCourse, type Place } from './place.ts'

const cohortOf = (event: EdxEvent, place: Place): Description => ({
  id: inCourse(place, event.courseId, `cohorts/${requireText(event.payload, 'cohort_id')}`),
  name: textOf(event.payload, 'cohort_name') ?? textOf(event.payload, 'name')
})

const memberOf = (event: EdxEvent, place: Place): Description => ({
  ...cohortOf(event, place),
  learner: textOf(event.payload, 'user_id')
})

const cohort = {
  sources: ['server'],
  object: 'group',
  what: 'the cohort'
} as const satisfies Partial<Conversion>
const member = {
  ...cohort,
  actor: 'the learner of the event',
  describe: memberOf
} as const satisfies Partial<Conversion>

export const cohortConversions: readonly Conversion[] = [
  {
    ...cohort,
    events: ['edx.cohort.created'],
    verb: 'created',
    describe: cohortOf
  },
  { ...member, events: ['edx.cohort.user_added'], verb: 'joined' },
  { ...member, events: ['edx.cohort.user_removed'], verb: 'left' }
]
