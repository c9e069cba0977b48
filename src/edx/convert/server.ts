import type { Conversion } from './define.ts'
import { asIri } from './iri.ts'

/** Requests: every other event that the server records by itself. */
export const serverConversions: readonly Conversion[] = [
  {
    events: ['<context.path>'],
    sources: ['server'],
    verb: 'viewed',
    object: 'page',
    what: 'the page that was requested',
    asRalph: true,
    describe: ({ type }, place) => ({ id: asIri(`${place.url}${type}`) })
  }
]
