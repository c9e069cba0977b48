import type { Extensions, Result } from '../../xapi/statement.ts'
import { blockIri, keyOfBlock, moduleNameOf, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { amountOf, requireText, textOf } from './fields.ts'
import { isSessionId, sessionOf } from './session.ts'
import { extensions } from './vocabulary.ts'

type Said = { readonly [iri: string]: Extensions[string] | undefined }

/** The address of a video: that which completions and grades of it have. */
export const videoIri = (event: EdxEvent, platform: Platform, id: string): string =>
  blockIri(platform, keyOfBlock(event.courseId, 'video', id) ?? id)

/** How long a video is. Players say 0 before they know it. */
export const lengthOf = ({ payload }: EdxEvent): number | undefined => amountOf(payload, 'duration') || undefined

export const timeOf = ({ payload }: EdxEvent): number | undefined =>
  amountOf(payload, 'currentTime') ?? amountOf(payload, 'current_time')

/**
 * What was done with a video. Numbers are those of the event, or none; where one is missing that the video profile asks
 * for, the statement does not claim to follow it.
 */
const watching = (
  event: EdxEvent,
  platform: Platform,
  {
    result,
    inResult = {},
    needed = [],
    context = {}
  }: { result?: Result; inResult?: Said; context?: Said; needed?: readonly string[] }
): Description => {
  const session = sessionOf(event)
  const found: Said = {
    [extensions.sessionId]: session,
    [extensions.length]: lengthOf(event),
    ...context
  }
  return {
    id: videoIri(event, platform, requireText(event.payload, 'id')),
    name: moduleNameOf(event),
    result: resulting({ ...result, extensions: extended(inResult) }),
    extensions: extended(found),
    claimsProfile:
      isSessionId(session) && needed.every((iri) => inResult[iri] !== undefined || found[iri] !== undefined)
  }
}

const watched = {
  sources: ['browser', 'mobile', 'server'],
  object: 'video',
  what: 'the video',
  profile: 'video'
} as const satisfies Partial<Conversion>

/** BCP 47 for a language that nobody has told: the profile asks for one. */
const unknownLanguage = 'und'

const languageOf = ({ payload }: EdxEvent): string | undefined => textOf(payload, 'language')

const captions = (shown: boolean, events: readonly string[], seen: readonly string[]): Conversion => ({
  ...watched,
  events,
  seen,
  verb: 'interacted',
  result: `time, captions ${shown ? 'on' : 'off'}`,
  context: 'session, length, language (und: unknown)',
  describe: (event, platform) =>
    watching(event, platform, {
      inResult: { [extensions.time]: timeOf(event), [extensions.captions]: shown },
      context: { [extensions.captionsLanguage]: languageOf(event) ?? unknownLanguage },
      needed: [extensions.time]
    })
})

/** `1.50` is `1.5x`. */
const speedOf = (event: EdxEvent, key: string): string | undefined => {
  const speed = amountOf(event.payload, key)
  return speed === undefined ? undefined : `${speed}x`
}

/** The profile has no words for what else is done with a player: these statements do not claim to follow it. */
const { profile: _, ...handled } = watched

export const videoConversions: readonly Conversion[] = [
  {
    ...watched,
    events: ['load_video', 'edx.video.loaded'],
    seen: ['load_video'],
    verb: 'initialized',
    context: 'session, length, user agent',
    describe: (event, platform) =>
      watching(event, platform, {
        context: { [extensions.userAgent]: textOf(event.whole, 'agent') },
        needed: [extensions.length]
      })
  },
  {
    ...watched,
    events: ['play_video', 'edx.video.played'],
    seen: ['play_video'],
    verb: 'played',
    result: 'time',
    context: 'session, length',
    describe: (event, platform) =>
      watching(event, platform, { inResult: { [extensions.time]: timeOf(event) }, needed: [extensions.time] })
  },
  {
    ...watched,
    events: ['pause_video', 'edx.video.paused'],
    seen: ['pause_video'],
    verb: 'paused',
    result: 'time',
    context: 'session, length',
    describe: (event, platform) =>
      watching(event, platform, {
        inResult: { [extensions.time]: timeOf(event) },
        needed: [extensions.time, extensions.length]
      })
  },
  {
    // How much of it was watched, which the profile asks for, is not known: where the player stands says nothing of it.
    ...handled,
    events: ['stop_video', 'edx.video.stopped'],
    seen: ['stop_video'],
    verb: 'terminated',
    result: 'time',
    context: 'session, length',
    describe: (event, platform) => watching(event, platform, { inResult: { [extensions.time]: timeOf(event) } })
  },
  {
    ...watched,
    events: ['seek_video', 'edx.video.position.changed'],
    seen: ['seek_video', 'edx.video.position.changed'],
    verb: 'seeked',
    result: 'times from and to',
    context: 'session, length',
    describe: (event, platform) =>
      watching(event, platform, {
        inResult: {
          // Some players say where they were as the time that it is.
          [extensions.timeFrom]: amountOf(event.payload, 'old_time') ?? timeOf(event),
          [extensions.timeTo]: amountOf(event.payload, 'new_time')
        },
        needed: [extensions.timeFrom, extensions.timeTo]
      })
  },
  {
    ...watched,
    events: ['complete_video', 'edx.video.completed'],
    seen: ['complete_video'],
    verb: 'completed',
    result: 'completion, time, progress 1',
    context: 'session, length',
    describe: (event, platform) =>
      watching(event, platform, {
        result: { completion: true },
        inResult: { [extensions.time]: timeOf(event) ?? lengthOf(event), [extensions.progress]: 1 },
        needed: [extensions.time, extensions.length]
      })
  },
  captions(
    true,
    ['show_transcript', 'edx.video.transcript.shown', 'edx.video.closed_captions.shown'],
    ['show_transcript', 'edx.video.closed_captions.shown']
  ),
  captions(
    false,
    ['hide_transcript', 'edx.video.transcript.hidden', 'edx.video.closed_captions.hidden'],
    ['hide_transcript', 'edx.video.closed_captions.hidden']
  ),
  {
    ...handled,
    events: [
      'video_show_cc_menu',
      'video_hide_cc_menu',
      'edx.video.language_menu.shown',
      'edx.video.language_menu.hidden'
    ],
    seen: ['video_show_cc_menu', 'video_hide_cc_menu'],
    verb: 'interacted',
    result: 'time',
    context: 'session, length, language of captions',
    describe: (event, platform) =>
      watching(event, platform, {
        inResult: { [extensions.time]: timeOf(event) },
        context: { [extensions.captionsLanguage]: languageOf(event) }
      })
  },
  {
    ...handled,
    events: ['speed_change_video', 'edx.video.speed.changed'],
    seen: ['speed_change_video'],
    verb: 'interacted',
    result: 'time, speeds from and to',
    context: 'session, length, speed',
    describe: (event, platform) =>
      watching(event, platform, {
        inResult: {
          [extensions.time]: timeOf(event),
          [extensions.speedFrom]: speedOf(event, 'old_speed'),
          [extensions.speedTo]: speedOf(event, 'new_speed')
        },
        context: { [extensions.speed]: speedOf(event, 'new_speed') }
      })
  }
]
