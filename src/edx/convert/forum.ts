import type { Activity } from '../../xapi/statement.ts'
import { addressIn, inCourse, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { type EventPart, numberOf, partOf, requireText, textOf, truthOf } from './fields.ts'
import { type ActivityTypeName, activityTypes, extensions, type VerbName } from './vocabulary.ts'

/** A post of a forum by its id: the number is the same wherever a thread is shown. */
const postIri = (event: EdxEvent, platform: Platform, kind: string, id: string): string =>
  inCourse(platform, event.courseId, `discussion/${kind}/${id}`)

const idIn = (part: EventPart): string | undefined => textOf(part, 'id')

const postOf =
  (kind: 'thread' | 'response' | 'comment') =>
  (event: EdxEvent, platform: Platform): Description => {
    const { payload } = event
    const thread = idIn(partOf(payload, 'discussion'))
    const response = idIn(partOf(payload, 'response'))
    const over =
      kind === 'comment' && response !== undefined ? (['response', response, 'forumReply'] as const) : undefined
    const parent =
      over ?? (kind !== 'thread' && thread !== undefined ? (['thread', thread, 'forumTopic'] as const) : undefined)
    const activity: Activity | undefined = parent && {
      id: postIri(event, platform, parent[0], parent[1]),
      definition: { type: activityTypes[parent[2]].id }
    }
    return {
      id: postIri(event, platform, kind, requireText(payload, 'id')),
      name: textOf(payload, 'title'),
      result: resulting({ response: textOf(payload, 'body') }),
      parent: activity,
      extensions: extended({
        [extensions.type]: textOf(payload, 'thread_type')
      })
    }
  }

const withoutBody =
  (kind: 'thread' | 'response' | 'comment') =>
  (event: EdxEvent, platform: Platform): Description => ({
    ...postOf(kind)(event, platform),
    result: undefined
  })

const kinds: readonly (readonly ['thread' | 'response' | 'comment', ActivityTypeName, VerbName])[] = [
  ['thread', 'forumTopic', 'posted'],
  ['response', 'forumReply', 'replied'],
  ['comment', 'comment', 'commented']
]

const onPosts: readonly Conversion[] = kinds.flatMap(([kind, object, verb]): readonly Conversion[] => {
  const post = {
    sources: ['server'],
    object,
    what: `the ${kind}`,
    ...(kind === 'thread' ? undefined : { context: 'what it answers' })
  } as const satisfies Partial<Conversion>
  const events = (...names: readonly string[]) => names.map((name) => `edx.forum.${kind}.${name}`)
  return [
    {
      ...post,
      events: events('created'),
      seen: events('created'),
      verb,
      result: 'response: the text',
      describe: postOf(kind)
    },
    {
      ...post,
      events: events('edited'),
      seen: events('edited'),
      verb: 'edited',
      result: 'response: the text',
      describe: postOf(kind)
    },
    {
      ...post,
      events: events('deleted'),
      seen: events('deleted'),
      verb: 'deleted',
      describe: withoutBody(kind)
    },
    {
      ...post,
      events: events('reported'),
      seen: events('reported'),
      verb: 'reported',
      describe: withoutBody(kind)
    },
    {
      ...post,
      events: events('unreported'),
      seen: events('unreported'),
      verb: 'unreported',
      describe: withoutBody(kind)
    }
  ]
})

const vote = (kind: 'thread' | 'response', object: ActivityTypeName): Conversion => ({
  events: [`edx.forum.${kind}.voted`],
  seen: [`edx.forum.${kind}.voted`],
  sources: ['server'],
  verb: 'votedUp',
  otherwise: { verb: 'unliked', when: 'the vote is taken back' },
  object,
  what: `the ${kind}`,
  describe: (event, platform) => ({
    ...withoutBody(kind)(event, platform),
    otherwise: truthOf(event.payload, 'undo_vote') === true
  })
})

const topic = {
  sources: ['server'],
  object: 'forumTopic',
  what: 'the thread'
} as const satisfies Partial<Conversion>
const reply = {
  sources: ['server'],
  object: 'forumReply',
  what: 'the response'
} as const satisfies Partial<Conversion>

export const forumConversions: readonly Conversion[] = [
  ...onPosts,
  vote('thread', 'forumTopic'),
  vote('response', 'forumReply'),
  {
    ...topic,
    events: ['edx.forum.thread.viewed'],
    seen: ['edx.forum.thread.viewed'],
    verb: 'viewed',
    describe: withoutBody('thread')
  },
  {
    ...topic,
    events: ['edx.forum.thread.followed'],
    verb: 'followed',
    describe: withoutBody('thread')
  },
  {
    ...topic,
    events: ['edx.forum.thread.unfollowed'],
    verb: 'unfollowed',
    describe: withoutBody('thread')
  },
  {
    ...reply,
    events: ['edx.forum.response.mark'],
    verb: 'approved',
    describe: withoutBody('response')
  },
  {
    ...reply,
    events: ['edx.forum.response.unmark'],
    verb: 'rejected',
    describe: withoutBody('response')
  },
  {
    events: ['edx.forum.searched'],
    sources: ['server'],
    verb: 'searched',
    object: 'discussion',
    what: 'the forum of the course',
    result: 'response: what was searched, how much was found',
    describe: (event, platform) => ({
      id:
        textOf(event.payload, 'url') === undefined
          ? inCourse(platform, event.courseId, 'discussion/forum')
          : addressIn(platform, requireText(event.payload, 'url')),
      result: resulting({
        response: textOf(event.payload, 'query'),
        extensions: extended({
          [extensions.totalItems]: numberOf(event.payload, 'total_results')
        })
      })
    })
  }
]
