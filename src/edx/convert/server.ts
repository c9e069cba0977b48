import type { Platform } from './addresses.ts'
import type { Conversion } from './define.ts'
import { asIri } from './iri.ts'

/** The address that was asked for: the type of such an event is its path. */
export const requestIri = (platform: Platform, path: string): string => asIri(`${platform.url}${path}`)

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
    describe: ({ type }, platform) => ({ id: requestIri(platform, type) })
  }
]
