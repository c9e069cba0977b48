import { courseIri, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

/** Mode of enrollment: audit, verified, … */
const modeOf = (event: EdxEvent) =>
  extended({
    [extensions.type]: textOf(event.payload, 'mode') ?? textOf(event.context, 'mode')
  })

/** Staff enrol others too: the event says whom it is about. */
const enrolment = (event: EdxEvent, platform: Platform): Description => ({
  id: courseIri(platform, textOf(event.payload, 'course_id') ?? requireText(event.context, 'course_id')),
  learner: textOf(event.payload, 'user_id')
})

const course = {
  sources: ['server'],
  object: 'course',
  what: 'the course',
  profile: 'lms',
  actor: 'the learner of the event'
} as const satisfies Partial<Conversion>

export const enrollmentConversions: readonly Conversion[] = [
  {
    ...course,
    events: ['edx.course.enrollment.activated'],
    verb: 'registered',
    seen: ['edx.course.enrollment.activated'],
    describe: enrolment
  },
  {
    ...course,
    events: ['edx.course.enrollment.deactivated'],
    verb: 'unregistered',
    seen: ['edx.course.enrollment.deactivated'],
    describe: enrolment
  },
  {
    events: ['edx.course.enrollment.mode_changed', 'edx.course.enrollment.upgrade.succeeded'],
    sources: ['server'],
    verb: 'updated',
    object: 'course',
    what: 'the course',
    seen: ['edx.course.enrollment.mode_changed'],
    context: 'mode of enrollment',
    actor: 'the learner of the event',
    describe: (event, platform) => ({ ...enrolment(event, platform), extensions: modeOf(event) })
  },
  {
    events: ['edx.course.enrollment.upgrade.clicked', 'edx.course.enrollment.upgrade_clicked'],
    sources: ['browser', 'server'],
    verb: 'interacted',
    object: 'course',
    what: 'the course',
    context: 'mode of enrollment',
    describe: (event, platform) => ({
      id: courseIri(platform, textOf(event.payload, 'course_id') ?? requireText(event.context, 'course_id')),
      extensions: modeOf(event)
    })
  }
]
