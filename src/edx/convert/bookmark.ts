import { blockIri, courseIdOf, inCourse, type Platform, typeOfBlock } from './addresses.ts'
import { type Conversion, type Description, extended } from './define.ts'
import type { EdxEvent } from './event.ts'
import { numberOf, requireText } from './fields.ts'
import { extensions } from './vocabulary.ts'

const marked = (event: EdxEvent, platform: Platform): Description => {
  const usageKey = requireText(event.payload, 'component_usage_id')
  return { id: blockIri(platform, usageKey), type: typeOfBlock(usageKey) }
}

const component = {
  object: 'block',
  what: 'the component',
  describe: marked
} as const satisfies Partial<Conversion>

export const bookmarkConversions: readonly Conversion[] = [
  {
    ...component,
    events: ['edx.bookmark.added'],
    seen: ['edx.bookmark.added'],
    sources: ['server'],
    verb: 'bookmarked'
  },
  {
    ...component,
    events: ['edx.bookmark.removed'],
    sources: ['server'],
    verb: 'unsaved'
  },
  {
    ...component,
    events: ['edx.bookmark.accessed'],
    sources: ['browser'],
    verb: 'accessed'
  },
  {
    events: ['edx.bookmark.listed'],
    sources: ['server'],
    verb: 'viewed',
    object: 'collection',
    what: 'the list of bookmarks, of the course or of all',
    context: 'how many there are',
    describe: (event, platform) => ({
      id: inCourse(platform, courseIdOf(event), 'bookmarks'),
      extensions: extended({
        [extensions.totalItems]: numberOf(event.payload, 'bookmarks_count')
      })
    })
  }
]
