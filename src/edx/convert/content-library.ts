import { isObject } from '../json.ts'
import { blockIri, inCourse, moduleKeyOf, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { listOf, numberOf, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

const libraryOf = (event: EdxEvent, platform: Platform): string => {
  const key = textOf(event.payload, 'location') ?? moduleKeyOf(event)
  return key === undefined ? inCourse(platform, event.courseId, 'library') : blockIri(platform, key)
}

/** The addresses of the components of a list. */
const componentsIn = (event: EdxEvent, platform: Platform, key: string): readonly string[] =>
  listOf(event.payload, key).flatMap((component, position) => {
    const usageKey = isObject(component)
      ? textOf({ value: component, at: `/event/${key}/${position}` }, 'usage_key')
      : undefined
    return usageKey === undefined ? [] : [blockIri(platform, usageKey)]
  })

const chosen =
  (list: 'added' | 'removed') =>
  (event: EdxEvent, platform: Platform): Description => ({
    id: libraryOf(event, platform),
    extensions: extended({
      [extensions.target]: componentsIn(event, platform, list),
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
