import { blockIri, inCourse, moduleKeyOf, moduleNameOf, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { numberOf, textOf, truthOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

const puzzle = (event: EdxEvent, platform: Platform): Description => {
  const key = moduleKeyOf(event)
  return {
    id: key === undefined ? inCourse(platform, event.courseId, 'drag-and-drop-v2') : blockIri(platform, key),
    name: moduleNameOf(event)
  }
}

const common = {
  sources: ['server'],
  object: 'interaction',
  what: 'the drag-and-drop problem'
} as const satisfies Partial<Conversion>

const types = (...names: readonly string[]): readonly string[] =>
  names.flatMap((name) => [`edx.drag_and_drop_v2.${name}`, `xblock.drag-and-drop-v2.${name}`])

/** What was dropped where, as matching interactions of xAPI have it (Data §2.4.4.1). */
const droppedAt = ({ payload }: EdxEvent): string | undefined => {
  const item = textOf(payload, 'item_id') ?? textOf(payload, 'item')
  const zone = textOf(payload, 'location_id') ?? textOf(payload, 'location')
  return item === undefined || zone === undefined ? (item ?? zone) : `${item}[.]${zone}`
}

const feedback = (event: EdxEvent, platform: Platform): Description => ({
  ...puzzle(event, platform),
  extensions: extended({
    [extensions.supplement]: textOf(event.payload, 'content')
  })
})

export const dragAndDropConversions: readonly Conversion[] = [
  { ...common, events: types('loaded'), verb: 'initialized', describe: puzzle },
  {
    ...common,
    events: types('item.picked_up'),
    seen: ['edx.drag_and_drop_v2.item.picked_up'],
    verb: 'interacted',
    context: 'number of the item',
    describe: (event, platform) => ({
      ...puzzle(event, platform),
      extensions: extended({
        [extensions.target]: numberOf(event.payload, 'item_id')
      })
    })
  },
  {
    ...common,
    events: types('item.dropped'),
    seen: ['edx.drag_and_drop_v2.item.dropped'],
    verb: 'answered',
    result: 'success, response: item and zone',
    describe: (event, platform) => ({
      ...puzzle(event, platform),
      result: resulting({
        success: truthOf(event.payload, 'is_correct'),
        response: droppedAt(event)
      })
    })
  },
  {
    ...common,
    events: types('feedback.opened'),
    seen: ['edx.drag_and_drop_v2.feedback.opened'],
    verb: 'viewed',
    context: 'the feedback',
    describe: feedback
  },
  {
    ...common,
    events: types('feedback.closed'),
    seen: ['edx.drag_and_drop_v2.feedback.closed'],
    verb: 'closed',
    context: 'the feedback',
    describe: feedback
  }
]
