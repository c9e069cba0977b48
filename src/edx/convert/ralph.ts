import type { Extensions } from '../../xapi/statement.ts'
import { courseIri, type Platform, pageOf } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { amountOf, requireText, textOf } from './fields.ts'
import { asIri } from './iri.ts'
import { requestIri } from './server.ts'
import { sessionOf } from './session.ts'
import { extensions } from './vocabulary.ts'

/**
 * The nine conversions of Python Ralph 5.1, with its very ids and its zeros for what it does not know. Who has stored
 * statements of it goes on with these (`--compat ralph`).
 */
const videoOf = (event: EdxEvent, platform: Platform, said: Omit<Description, 'id' | 'name'>): Description => {
  const id = requireText(event.payload, 'id')
  return {
    id: asIri(`${platform.url}/xblock/block-v1:${event.courseId}-course-v1:+type@video+block@${id}`),
    name: id,
    ...said
  }
}

const unknown = 0

const timeOf = ({ payload }: EdxEvent): number | undefined =>
  amountOf(payload, 'currentTime') ?? amountOf(payload, 'current_time')

const atTime = (event: EdxEvent, more: Extensions = {}) =>
  resulting({ extensions: extended({ [extensions.time]: timeOf(event), ...more }) })

const inSession = (event: EdxEvent, more: { readonly [iri: string]: Extensions[string] | undefined } = {}) =>
  extended({ [extensions.sessionId]: sessionOf(event), ...more })

const watched = {
  sources: ['browser'],
  object: 'video',
  what: 'the video',
  profile: 'video',
  asRalph: true
} as const satisfies Partial<Conversion>

const enrolled = {
  sources: ['server'],
  object: 'course',
  what: 'the course',
  profile: 'lms',
  asRalph: true,
  describe: (event, platform) => ({ id: courseIri(platform, requireText(event.payload, 'course_id')) })
} as const satisfies Partial<Conversion>

const noCourse = 'no display of the verb, no course'
const ofStaff = 'no display of the verb; the actor is the user of the context, staff too'
const video = 'id made of the course id, name: the id; no display of the verb, no course'

export const ralphConversions: readonly (Conversion & { readonly differs: string })[] = [
  {
    events: ['<context.path>'],
    sources: ['server'],
    verb: 'viewed',
    object: 'page',
    what: 'the page that was requested',
    asRalph: true,
    differs: noCourse,
    describe: ({ type }, platform) => ({ id: requestIri(platform, type) })
  },
  {
    events: ['page_close'],
    sources: ['browser'],
    verb: 'terminated',
    object: 'page',
    what: 'the page that was closed',
    asRalph: true,
    differs: noCourse,
    describe: (event) => ({ id: pageOf(event) })
  },
  { ...enrolled, events: ['edx.course.enrollment.activated'], verb: 'registered', differs: ofStaff },
  { ...enrolled, events: ['edx.course.enrollment.deactivated'], verb: 'unregistered', differs: ofStaff },
  {
    ...watched,
    events: ['load_video'],
    verb: 'initialized',
    differs: `${video}; length 0`,
    describe: (event, platform) =>
      videoOf(event, platform, {
        extensions: inSession(event, {
          [extensions.length]: unknown,
          [extensions.userAgent]: textOf(event.whole, 'agent')
        })
      })
  },
  {
    ...watched,
    events: ['play_video'],
    verb: 'played',
    differs: video,
    describe: (event, platform) => videoOf(event, platform, { result: atTime(event), extensions: inSession(event) })
  },
  {
    ...watched,
    events: ['pause_video'],
    verb: 'paused',
    differs: `${video}; length 0`,
    describe: (event, platform) =>
      videoOf(event, platform, {
        result: atTime(event),
        extensions: inSession(event, { [extensions.length]: unknown })
      })
  },
  {
    ...watched,
    events: ['stop_video'],
    verb: 'terminated',
    differs: `${video}; length and progress 0`,
    describe: (event, platform) =>
      videoOf(event, platform, {
        result: atTime(event, { [extensions.progress]: unknown }),
        extensions: inSession(event, { [extensions.length]: unknown })
      })
  },
  {
    ...watched,
    events: ['seek_video'],
    verb: 'seeked',
    differs: video,
    describe: (event, platform) =>
      videoOf(event, platform, {
        result: resulting({
          extensions: extended({
            [extensions.timeFrom]: amountOf(event.payload, 'old_time'),
            [extensions.timeTo]: amountOf(event.payload, 'new_time')
          })
        }),
        extensions: inSession(event)
      })
  }
]
