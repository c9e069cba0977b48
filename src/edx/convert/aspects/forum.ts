import type { Platform } from '../addresses.ts'
import { extended } from '../define.ts'
import type { EdxEvent } from '../event.ts'
import { partOf, requireText, textOf } from '../fields.ts'
import { asIri } from '../iri.ts'
import type { AspectsConversion, Said } from './define.ts'
import { aspectsExtensions as extensions } from './vocabulary.ts'

/** The address of the API that was called is the address of the post. */
const postOf = (event: EdxEvent, platform: Platform): Said => {
  const id = requireText(event.payload, 'id')
  const path = requireText(event.context, 'path').replace(/\/+$/, '').replaceAll(id, '').replace(/\/+$/, '')
  const title = textOf(event.payload, 'title')
  const thread = textOf(partOf(event.payload, 'discussion'), 'id')
  return {
    id: asIri(`${platform.url}${path}/${id}`),
    definition: title === undefined ? {} : { name: { en: title } },
    grouping:
      thread === undefined
        ? undefined
        : {
            objectType: 'Activity',
            id: asIri(`${platform.url}/api/discussion/v1/threads/${thread}`),
            definition: { type: 'http://id.tincanapi.com/activitytype/discussion' }
          }
  }
}

const withMode =
  (key: string) =>
  (event: EdxEvent, platform: Platform): Said => ({
    ...postOf(event, platform),
    extensions: extended({ [extensions.mode]: textOf(event.payload, key) })
  })

const post = {
  object: 'discussion',
  note: 'the thread as grouping',
  describe: postOf
} as const satisfies Partial<AspectsConversion>

const on = (name: string, ...kinds: readonly string[]): readonly string[] =>
  kinds.map((kind) => `edx.forum.${kind}.${name}`)

export const forumConversions: readonly AspectsConversion[] = [
  {
    ...post,
    events: on('created', 'thread'),
    verb: 'posted',
    note: 'its type',
    describe: withMode('thread_type')
  },
  { ...post, events: on('created', 'response', 'comment'), verb: 'posted' },
  { ...post, events: on('edited', 'thread', 'response', 'comment'), verb: 'edited' },
  { ...post, events: on('viewed', 'thread'), verb: 'viewed' },
  { ...post, events: on('deleted', 'thread', 'response', 'comment'), verb: 'deleted' },
  {
    ...post,
    events: on('voted', 'thread', 'response'),
    verb: 'voted',
    note: 'the vote: up or down',
    describe: withMode('vote_value')
  },
  { ...post, events: on('reported', 'thread', 'response', 'comment'), verb: 'reported' },
  { ...post, events: on('unreported', 'thread', 'response', 'comment'), verb: 'unreported' }
]
