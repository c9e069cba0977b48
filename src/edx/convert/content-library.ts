import { isObject } from '../json.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { listOf, numberOf, textOf } from './fields.ts'
import { blockIri, inCourse, moduleKeyOf, type Place } from './place.ts'
import { extensions } from './vocabulary.ts'

const libraryOf = (event: EdxEvent, place: Place): string => {
  const key = textOf(event.payload, 'location') ?? moduleKeyOf(event)
  return key === undefined ? inCourse(place, event.courseId, 'library') : blockIri(place, key)
}

/** The addresses of the components of a list. */
const componentsIn = (event: EdxEvent, place: Place, key: string): readonly string[] =>
  listOf(event.payload, key).flatMap((component, position) => {
    const usageKey = isObject(component)
      ? textOf({ value: component, at: `/event/${key}/${position}` }, 'usage_key')
      : undefined
    return usageKey === undefined ? [] : [blockIri(place, usageKey)]
  })

const chosen =
  (list: 'added' | 'removed') =>
  (event: EdxEvent, place: Place): Description => ({
    id: libraryOf(event, place),
    extensions: extended({
      [extensions.target]: componentsIn(event, place, list),
      [extensions.totalItems]: numberOf(event.payload, 'max_count'),
      [extensions.type]: textOf(event.payload, 'reason')
    })
  })

const library = {
  sources: ['server'],
  object: 'collection',
  what: 'the library of which components are shown'
} as const satisfies Partial<Conversion>

export const contentLibraryConversions: readonly Conversion[] = [
  {
    ...library,
    events: ['edx.librarycontentblock.content.assigned'],
    verb: 'assigned',
    context: 'the components that were added, how many are shown',
    describe: chosen('added')
  },
  {
    ...library,
    events: ['edx.librarycontentblock.content.removed'],
    verb: 'removed',
    context: 'the components that were removed, how many are shown, why',
    describe: chosen('removed')
  }
]
