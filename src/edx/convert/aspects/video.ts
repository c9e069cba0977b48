import type { Extensions, Result } from '../../../xapi/statement.ts'
import type { Platform } from '../addresses.ts'
import { extended } from '../define.ts'
import type { EdxEvent } from '../event.ts'
import { amountOf, requireText, textOf } from '../fields.ts'
import { timeOf, videoIri } from '../video.ts'
import { type AspectsConversion, milliseconds, type Said } from './define.ts'
import { aspectsExtensions as extensions } from './vocabulary.ts'

/** Unlike elsewhere 0 is a length here. */
const lengthOf = ({ payload }: EdxEvent): number | undefined => milliseconds(amountOf(payload, 'duration'))

const videoOf = (event: EdxEvent, platform: Platform, result?: Result): Said => ({
  id: videoIri(event, platform, requireText(event.payload, 'id')),
  definition: {},
  result,
  extensions: extended({ [extensions.length]: lengthOf(event) })
})

const told = (said: { readonly [iri: string]: Extensions[string] | undefined }): Result => ({
  extensions: extended(said) ?? {}
})

const atTime = (event: EdxEvent, platform: Platform): Said =>
  videoOf(event, platform, told({ [extensions.time]: milliseconds(timeOf(event)) }))

const captions =
  (shown: boolean) =>
  (event: EdxEvent, platform: Platform): Said =>
    videoOf(event, platform, told({ [extensions.time]: milliseconds(timeOf(event)), [extensions.captions]: shown }))

const twoDigits = (number: number): string => String(number).padStart(2, '0')

/** ISO 8601 as event-routing-backends has it: from the largest unit that there is down to seconds, PT03M15S. */
const durationOf = (seconds: number): string => {
  const [days = 0, hours = 0, minutes = 0] = [seconds / 86_400, (seconds / 3600) % 24, (seconds / 60) % 60].map(
    Math.floor
  )
  const thousandths = Math.round((seconds % 60) * 1000)
  const fraction =
    thousandths % 1000 === 0
      ? ''
      : `.${String(thousandths % 1000)
          .padStart(3, '0')
          .replace(/0+$/, '')}`
  const rest = `${twoDigits(Math.floor(thousandths / 1000))}${fraction}S`
  if (days > 0) return `P${days}DT${twoDigits(hours)}H${twoDigits(minutes)}M${rest}`
  if (hours > 0) return `PT${twoDigits(hours)}H${twoDigits(minutes)}M${rest}`
  return minutes > 0 ? `PT${twoDigits(minutes)}M${rest}` : `PT${rest}`
}

const completed = (event: EdxEvent, platform: Platform): Said => {
  const length = lengthOf(event)
  return videoOf(event, platform, {
    ...told({ [extensions.time]: length }),
    completion: true,
    ...(length === undefined || length > 1e9 ? undefined : { duration: durationOf(length) })
  })
}

const speed = (event: EdxEvent, key: string): string | undefined => {
  const found = textOf(event.payload, key)
  return found === undefined ? undefined : `${found}x`
}

const common = { object: 'video', note: 'length' } as const satisfies Partial<AspectsConversion>

export const videoConversions: readonly AspectsConversion[] = [
  { ...common, events: ['load_video', 'edx.video.loaded'], verb: 'initialized', describe: videoOf },
  { ...common, events: ['play_video', 'edx.video.played'], verb: 'played', note: 'time, length', describe: atTime },
  { ...common, events: ['pause_video', 'edx.video.paused'], verb: 'paused', note: 'time, length', describe: atTime },
  {
    ...common,
    events: ['stop_video', 'edx.video.stopped'],
    verb: 'terminated',
    note: 'time, length',
    describe: atTime
  },
  {
    ...common,
    events: ['complete_video', 'edx.video.completed'],
    verb: 'completed',
    note: 'completion, duration, time: the length',
    describe: completed
  },
  {
    ...common,
    events: ['seek_video', 'edx.video.position.changed'],
    verb: 'seeked',
    note: 'times from and to, length',
    describe: (event, platform) =>
      videoOf(
        event,
        platform,
        told({
          [extensions.timeFrom]: milliseconds(amountOf(event.payload, 'old_time')),
          [extensions.timeTo]: milliseconds(amountOf(event.payload, 'new_time'))
        })
      )
  },
  {
    ...common,
    events: ['show_transcript', 'edx.video.transcript.shown', 'edx.video.closed_captions.shown', 'video_show_cc_menu'],
    verb: 'interacted',
    note: 'time, captions on, length',
    describe: captions(true)
  },
  {
    ...common,
    events: [
      'hide_transcript',
      'edx.video.transcript.hidden',
      'edx.video.closed_captions.hidden',
      'video_hide_cc_menu'
    ],
    verb: 'interacted',
    note: 'time, captions off, length',
    describe: captions(false)
  },
  {
    ...common,
    events: ['speed_change_video'],
    verb: 'interacted',
    note: 'speeds from and to, length',
    describe: (event, platform) =>
      videoOf(
        event,
        platform,
        told({
          [extensions.speedFrom]: speed(event, 'old_speed'),
          [extensions.speedTo]: speed(event, 'new_speed')
        })
      )
  }
]
