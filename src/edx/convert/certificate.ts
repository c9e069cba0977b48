import { addressIn, courseIdOf, courseIri, inCourse, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

const certificateOf = (event: EdxEvent, platform: Platform): Description => {
  const url = textOf(event.payload, 'certificate_url')
  return {
    id:
      url === undefined
        ? inCourse(platform, courseIdOf(event), `certificates/${requireText(event.payload, 'certificate_id')}`)
        : addressIn(platform, url),
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

const shared = (event: EdxEvent, platform: Platform): Description => ({
  ...certificateOf(event, platform),
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
  describe: (event, platform) => {
    const course = courseIdOf(event)
    return {
      id: courseIri(platform, course === '' ? requireText(event.payload, 'course_id') : course)
    }
  }
})

export const certificateConversions: readonly Conversion[] = [
  {
    ...certificate,
    events: ['edx.certificate.created'],
    verb: 'earned',
    actor: 'the learner of the event',
    describe: (event, platform) => ({
      ...certificateOf(event, platform),
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
