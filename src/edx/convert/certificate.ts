import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { addressIn, courseIdOf, courseIri, inCourse, type Place } from './place.ts'
import { extensions } from './vocabulary.ts'

const certificateOf = (event: EdxEvent, place: Place): Description => {
  const url = textOf(event.payload, 'certificate_url')
  return {
    id:
      url === undefined
        ? inCourse(place, courseIdOf(event), `certificates/${requireText(event.payload, 'certificate_id')}`)
        : addressIn(place, url),
    extensions: extended({
      [extensions.type]: textOf(event.payload, 'enrollment_mode')
    })
  }
}

const certificate = {
  sources: ['server'],
  object: 'certificate',
  what: 'the certificate',
  context: 'mode of enrollment'
} as const satisfies Partial<Conversion>

const shared = (event: EdxEvent, place: Place): Description => ({
  ...certificateOf(event, place),
  extensions: extended({
    [extensions.type]: textOf(event.payload, 'enrollment_mode'),
    [extensions.target]: textOf(event.payload, 'social_network')
  })
})

const generation = (state: 'enabled' | 'disabled'): Conversion => ({
  events: [`edx.certificate.generation.${state}`],
  sources: ['server'],
  verb: state,
  object: 'course',
  what: 'the course whose certificates are meant',
  describe: (event, place) => {
    const course = courseIdOf(event)
    return {
      id: courseIri(place, course === '' ? requireText(event.payload, 'course_id') : course)
    }
  }
})

export const certificateConversions: readonly Conversion[] = [
  {
    ...certificate,
    events: ['edx.certificate.created'],
    verb: 'earned',
    actor: 'the learner of the event',
    describe: (event, place) => ({
      ...certificateOf(event, place),
      learner: textOf(event.payload, 'user_id')
    })
  },
  {
    ...certificate,
    events: ['edx.certificate.revoked'],
    verb: 'retracted',
    describe: certificateOf
  },
  {
    ...certificate,
    events: ['edx.certificate.shared'],
    verb: 'shared',
    context: 'mode of enrollment, social network',
    describe: shared
  },
  {
    ...certificate,
    events: ['edx.certificate.evidence_visited'],
    verb: 'viewed',
    context: 'mode of enrollment, social network',
    describe: shared
  },
  generation('enabled'),
  generation('disabled')
]
