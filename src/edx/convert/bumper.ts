import { addressIn, blockIri, inCourse, keyOfBlock, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { requireText, textOf } from './fields.ts'
import { sessionOf } from './session.ts'
import { lengthOf, timeOf } from './video.ts'
import { activityTypes, extensions } from './vocabulary.ts'

/** A pre-roll video, played before the video of a component. It is a file: many components may show it. */
const bumperOf = (event: EdxEvent, platform: Platform): Description => {
  const host = textOf(event.payload, 'host_component_id')
  const key = host === undefined ? undefined : (keyOfBlock(event.courseId, 'video', host) ?? host)
  const bumper = textOf(event.payload, 'bumper_id')
  return {
    id:
      bumper === undefined
        ? inCourse(platform, event.courseId, `video-bumper/${requireText(event.payload, 'code')}`)
        : addressIn(platform, bumper),
    parent:
      key === undefined ? undefined : { id: blockIri(platform, key), definition: { type: activityTypes.video.id } },
    result: resulting({ extensions: extended({ [extensions.time]: timeOf(event) }) }),
    extensions: extended({ [extensions.sessionId]: sessionOf(event), [extensions.length]: lengthOf(event) })
  }
}

const common = {
  sources: ['browser', 'mobile', 'server'],
  object: 'video',
  what: 'the pre-roll video',
  result: 'time',
  context: 'session, length, the video that it comes before',
  describe: bumperOf
} as const satisfies Partial<Conversion>

const bumper = (...names: readonly string[]): readonly string[] => names.map((name) => `edx.video.bumper.${name}`)

export const bumperConversions: readonly Conversion[] = [
  { ...common, events: bumper('loaded'), verb: 'initialized' },
  { ...common, events: bumper('played'), verb: 'played' },
  { ...common, events: bumper('stopped'), verb: 'terminated' },
  { ...common, events: bumper('skipped', 'dismissed'), verb: 'skipped' },
  {
    ...common,
    events: bumper('transcript.shown', 'transcript.hidden', 'transcript.menu.shown', 'transcript.menu.hidden'),
    verb: 'interacted'
  }
]
