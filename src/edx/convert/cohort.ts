import { inCourse, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

const cohortOf = (event: EdxEvent, platform: Platform): Description => ({
  id: inCourse(platform, event.courseId, `cohorts/${requireText(event.payload, 'cohort_id')}`),
  name: textOf(event.payload, 'cohort_name') ?? textOf(event.payload, 'name')
})

const memberOf = (event: EdxEvent, platform: Platform): Description => ({
  ...cohortOf(event, platform),
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
  {
    ...cohort,
    events: ['edx.cohort.creation_requested'],
    verb: 'requested',
    describe: cohortOf
  },
  {
    ...member,
    events: ['edx.cohort.user_add_requested'],
    verb: 'assigned',
    actor: 'who asked for it',
    context: 'the learner, the cohort before',
    describe: (event, platform) => ({
      ...cohortOf(event, platform),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'user_id'),
        [extensions.startingPoint]: textOf(event.payload, 'previous_cohort_name')
      })
    })
  },
  { ...member, events: ['edx.cohort.user_added'], verb: 'joined' },
  { ...member, events: ['edx.cohort.user_removed'], verb: 'left' }
]
