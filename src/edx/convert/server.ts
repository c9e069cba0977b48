import type { Conversion } from './define.ts'
import { asIri } from './iri.ts'
import type { Place } from './place.ts'

/** The address that was asked for: the type of such an event is its path. */
export const requestIri = (place: Place, path: string): string => asIri(`${place.url}${path}`)

/** Requests: every other event that the server records by itself. */
export const serverConversions: readonly Conversion[] = [
  {
    events: ['<context.path>'],
    sources: ['server'],
    seen: ['<context.path>'],
    verb: 'viewed',
    object: 'page',
    what: 'the page that was requested',
    withoutPayload: true,
    describe: ({ type }, place) => ({ id: requestIri(place, type) })
  }
]
