import type { Conversion } from './define.ts'
import { truthOf } from './fields.ts'
import { blockIri, moduleKeyOf, moduleNameOf, pageOf } from './place.ts'

export const completionConversions: readonly Conversion[] = [
  {
    events: ['edx.done.toggled'],
    sources: ['browser', 'server'],
    verb: 'completed',
    otherwise: { verb: 'progressed', when: 'it is not done any more' },
    object: 'resource',
    what: 'the component, or the page where a browser names none',
    result: 'completion',
    describe: (event, place) => {
      const done = truthOf(event.payload, 'done') ?? false
      const key = moduleKeyOf(event)
      return {
        id: key === undefined ? pageOf(event) : blockIri(place, key),
        name: moduleNameOf(event),
        otherwise: !done,
        result: { completion: done }
      }
    }
  }
]
