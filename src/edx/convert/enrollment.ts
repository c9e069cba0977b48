import { type Conversion, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { courseIri, type Place } from './place.ts'
import { extensions } from './vocabulary.ts'

/** Mode of enrollment: audit, verified, … */
const modeOf = (event: EdxEvent) =>
  extended({
    [extensions.type]: textOf(event.payload, 'mode') ?? textOf(event.context, 'mode')
  })

const enrolledIn = (event: EdxEvent, place: Place): string => courseIri(place, requireText(event.payload, 'course_id'))

const course = {
  sources: ['server'],
  object: 'course',
  what: 'the course',
  profile: 'lms'
} as const satisfies Partial<Conversion>

export const enrollmentConversions: readonly Conversion[] = [
  {
    ...course,
    events: ['edx.course.enrollment.activated'],
    verb: 'registered',
    asRalph: true,
    describe: (event, place) => ({ id: enrolledIn(event, place) })
  },
  {
    ...course,
    events: ['edx.course.enrollment.deactivated'],
    verb: 'unregistered',
    asRalph: true,
    describe: (event, place) => ({ id: enrolledIn(event, place) })
  },
  {
    events: ['edx.course.enrollment.mode_changed', 'edx.course.enrollment.upgrade.succeeded'],
    sources: ['server'],
    verb: 'updated',
    object: 'course',
    what: 'the course',
    context: 'mode of enrollment',
    describe: (event, place) => ({
      id: courseIri(place, textOf(event.payload, 'course_id') ?? requireText(event.context, 'course_id')),
      extensions: modeOf(event)
    })
  },
  {
    events: ['edx.course.enrollment.upgrade_clicked'],
    sources: ['browser'],
    verb: 'interacted',
    object: 'course',
    what: 'the course',
    context: 'mode of enrollment',
    describe: (event, place) => ({
      id: courseIri(place, requireText(event.context, 'course_id')),
      extensions: modeOf(event)
    })
  }
]
