import { inCourse, type Platform } from './addresses.ts'
import { type Conversion, type Description, extended, resulting } from './define.ts'
import type { EdxEvent } from './event.ts'
import { numberOf, requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

const teamOf = (event: EdxEvent, platform: Platform): Description => ({
  id: inCourse(platform, event.courseId, `teams/${requireText(event.payload, 'team_id')}`)
})

const membership =
  (method: 'add_method' | 'remove_method') =>
  (event: EdxEvent, platform: Platform): Description => ({
    ...teamOf(event, platform),
    learner: textOf(event.payload, 'user_id'),
    extensions: extended({ [extensions.type]: textOf(event.payload, method) })
  })

const team = {
  sources: ['server'],
  object: 'team',
  what: 'the team'
} as const satisfies Partial<Conversion>
const member = {
  ...team,
  actor: 'the learner of the event',
  context: 'how'
} as const satisfies Partial<Conversion>

export const teamConversions: readonly Conversion[] = [
  { ...team, events: ['edx.team.created'], verb: 'created', describe: teamOf },
  { ...team, events: ['edx.team.deleted'], verb: 'deleted', describe: teamOf },
  {
    ...team,
    events: ['edx.team.activity_updated'],
    verb: 'interacted',
    describe: teamOf
  },
  {
    ...team,
    events: ['edx.team.changed'],
    verb: 'updated',
    result: 'response: the new value',
    context: 'the field',
    describe: (event, platform) => ({
      ...teamOf(event, platform),
      result: resulting({ response: textOf(event.payload, 'new') }),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'field')
      })
    })
  },
  {
    ...member,
    events: ['edx.team.learner_added'],
    verb: 'joined',
    describe: membership('add_method')
  },
  {
    ...member,
    events: ['edx.team.learner_removed'],
    verb: 'left',
    describe: membership('remove_method')
  },
  {
    events: ['edx.team.page_viewed'],
    sources: ['server', 'browser'],
    verb: 'viewed',
    object: 'page',
    what: 'the page about teams',
    describe: (event, platform) => {
      const name = textOf(event.payload, 'page_name')
      const about = textOf(event.payload, 'team_id') ?? textOf(event.payload, 'topic_id')
      return {
        id: inCourse(platform, event.courseId, ['teams', name, about].filter((each) => each !== undefined).join('/')),
        name
      }
    }
  },
  {
    events: ['edx.team.searched'],
    sources: ['server', 'browser'],
    verb: 'searched',
    object: 'page',
    what: 'the teams of the course',
    result: 'response: what was searched, how much was found',
    context: 'the topic',
    describe: (event, platform) => ({
      id: inCourse(platform, event.courseId, 'teams'),
      result: resulting({
        response: textOf(event.payload, 'search_text'),
        extensions: extended({
          [extensions.totalItems]: numberOf(event.payload, 'number_of_results')
        })
      }),
      extensions: extended({
        [extensions.target]: textOf(event.payload, 'topic_id')
      })
    })
  }
]
