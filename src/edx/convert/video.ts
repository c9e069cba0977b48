import type { Extensions } from '../../xapi/statement.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { amountOf, requireText, textOf } from './fields.ts'
import { asIri } from './iri.ts'
import type { Place } from './place.ts'
import { extensions } from './vocabulary.ts'

const sessionForm = /^[0-9a-f]{32}$/i

/** 32 hexadecimal digits are printed as a UUID. What has another form is left as it is; '' is none. */
const sessionOf = ({ whole }: EdxEvent): string | undefined => {
  const session = textOf(whole, 'session')
  if (session === undefined || !sessionForm.test(session)) return session
  const digits = session.toLowerCase()
  return `${digits.slice(0, 8)}-${digits.slice(8, 12)}-${digits.slice(12, 16)}-${digits.slice(16, 20)}-${digits.slice(20)}`
}

const videoOf = (event: EdxEvent, place: Place, said: Omit<Description, 'id' | 'name'>): Description => {
  const id = requireText(event.payload, 'id')
  return {
    id: asIri(`${place.url}/xblock/block-v1:${event.courseId}-course-v1:+type@video+block@${id}`),
    name: id,
    ...said
  }
}

/** Events do not tell how long a video is, and the profile asks for it. */
const unknownLength = 0

const timeOf = ({ payload }: EdxEvent): number | undefined =>
  amountOf(payload, 'currentTime') ?? amountOf(payload, 'current_time')

const atTime = (event: EdxEvent, more: Extensions = {}) =>
  resulting({
    extensions: extended({ [extensions.time]: timeOf(event), ...more })
  })

const inSession = (event: EdxEvent, more: { readonly [iri: string]: Extensions[string] | undefined } = {}) =>
  extended({ [extensions.sessionId]: sessionOf(event), ...more })

const watched = {
  sources: ['browser', 'mobile'],
  object: 'video',
  what: 'the video',
  profile: 'video'
} as const satisfies Partial<Conversion>

const asRalph: readonly Conversion[] = [
  {
    ...watched,
    events: ['load_video', 'edx.video.loaded'],
    verb: 'initialized',
    context: 'session, length (0: unknown), user agent',
    asRalph: true,
    describe: (event, place) =>
      videoOf(event, place, {
        extensions: inSession(event, {
          [extensions.length]: unknownLength,
          [extensions.userAgent]: textOf(event.whole, 'agent')
        })
      })
  },
  {
    ...watched,
    events: ['play_video', 'edx.video.played'],
    verb: 'played',
    result: 'time',
    context: 'session',
    asRalph: true,
    describe: (event, place) =>
      videoOf(event, place, {
        result: atTime(event),
        extensions: inSession(event)
      })
  },
  {
    ...watched,
    events: ['pause_video', 'edx.video.paused'],
    verb: 'paused',
    result: 'time',
    context: 'session, length (0: unknown)',
    asRalph: true,
    describe: (event, place) =>
      videoOf(event, place, {
        result: atTime(event),
        extensions: inSession(event, { [extensions.length]: unknownLength })
      })
  },
  {
    ...watched,
    events: ['stop_video', 'edx.video.stopped'],
    verb: 'terminated',
    result: 'time, progress (0: unknown)',
    context: 'session, length (0: unknown)',
    asRalph: true,
    describe: (event, place) =>
      videoOf(event, place, {
        result: atTime(event, { [extensions.progress]: 0 }),
        extensions: inSession(event, { [extensions.length]: unknownLength })
      })
  },
  {
    ...watched,
    events: ['seek_video', 'edx.video.position.changed'],
    verb: 'seeked',
    result: 'times from and to',
    context: 'session',
    asRalph: true,
    describe: (event, place) =>
      videoOf(event, place, {
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

/** `1.50` is `1.5x`. */
const speedOf = (event: EdxEvent): string | undefined => {
  const speed = amountOf(event.payload, 'new_speed')
  return speed === undefined ? undefined : `${speed}x`
}

/** BCP 47 for a language that nobody has told: the profile asks for one. */
const unknownLanguage = 'und'

const languageOf = ({ payload }: EdxEvent): string | undefined => textOf(payload, 'language')

const captions = (shown: boolean, events: readonly string[]): Conversion => ({
  ...watched,
  events,
  verb: 'interacted',
  result: `time, captions ${shown ? 'on' : 'off'}`,
  context: 'session, language (und: unknown)',
  describe: (event, place) =>
    videoOf(event, place, {
      result: atTime(event, { [extensions.captions]: shown }),
      extensions: inSession(event, { [extensions.captionsLanguage]: languageOf(event) ?? unknownLanguage })
    })
})

/** The profile has no words for what else is done with a player: these statements do not claim to follow it. */
const { profile: _, ...handled } = watched

export const videoConversions: readonly Conversion[] = [
  ...asRalph,
  {
    ...watched,
    events: ['complete_video', 'edx.video.completed'],
    verb: 'completed',
    result: 'completion, time, progress 1',
    context: 'session, length',
    describe: (event, place) =>
      videoOf(event, place, {
        result: {
          completion: true,
          ...atTime(event, { [extensions.progress]: 1 })
        },
        extensions: inSession(event, {
          [extensions.length]: amountOf(event.payload, 'duration') ?? unknownLength
        })
      })
  },
  captions(true, ['show_transcript', 'edx.video.transcript.shown', 'edx.video.closed_captions.shown']),
  captions(false, ['hide_transcript', 'edx.video.transcript.hidden', 'edx.video.closed_captions.hidden']),
  {
    ...handled,
    events: [
      'video_show_cc_menu',
      'video_hide_cc_menu',
      'edx.video.language_menu.shown',
      'edx.video.language_menu.hidden'
    ],
    verb: 'interacted',
    result: 'time',
    context: 'session, language of captions',
    describe: (event, place) =>
      videoOf(event, place, {
        result: atTime(event),
        extensions: inSession(event, {
          [extensions.captionsLanguage]: languageOf(event)
        })
      })
  },
  {
    ...handled,
    events: ['speed_change_video', 'edx.video.speed.changed'],
    verb: 'interacted',
    result: 'time',
    context: 'session, speed',
    describe: (event, place) =>
      videoOf(event, place, {
        result: atTime(event),
        extensions: inSession(event, { [extensions.speed]: speedOf(event) })
      })
  }
]
