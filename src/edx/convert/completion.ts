import { blockIri, inCourse, moduleKeyOf, moduleNameOf, type Platform, pageOf } from './addresses.ts'
import type { Conversion } from './define.ts'
import type { EdxEvent } from './event.ts'
import { textOf, truthOf } from './fields.ts'

const placeOf = (event: EdxEvent, platform: Platform): string =>
  textOf(event.whole, 'page') === undefined ? inCourse(platform, event.courseId, 'done') : pageOf(event)

export const completionConversions: readonly Conversion[] = [
  {
    events: ['edx.done.toggled'],
    sources: ['browser', 'server'],
    verb: 'completed',
    otherwise: { verb: 'progressed', when: 'it is not done any more' },
    object: 'resource',
    what: 'the component, or else the page',
    result: 'completion',
    describe: (event, platform) => {
      const done = truthOf(event.payload, 'done') ?? false
      const key = moduleKeyOf(event)
      return {
        id: key === undefined ? placeOf(event, platform) : blockIri(platform, key),
        name: moduleNameOf(event),
        otherwise: !done,
        result: { completion: done }
      }
    }
  }
]
