import { addressIn, inCourse } from './addresses.ts'
import { type Conversion, extended, resulting } from './define.ts'
import { numberOf, requireText, textOf } from './fields.ts'
import { extensions } from './vocabulary.ts'

/** What happens to accounts, and in the catalogue of courses: outside of any course. */
export const platformConversions: readonly Conversion[] = [
  {
    events: ['edx.user.settings.changed'],
    seen: ['edx.user.settings.changed'],
    sources: ['server'],
    verb: 'updated',
    object: 'page',
    what: 'the settings of the account',
    context: 'the setting',
    actor: 'the user of the event',
    describe: (event, platform) => ({
      id: addressIn(platform, '/account/settings'),
      learner: textOf(event.payload, 'user_id'),
      // Not its value: it may be a name or an e-mail address.
      extensions: extended({ [extensions.target]: textOf(event.payload, 'setting') })
    })
  },
  {
    events: ['edx.course_discovery.search.initiated', 'edx.course_discovery.search.results_displayed'],
    seen: ['edx.course_discovery.search.initiated', 'edx.course_discovery.search.results_displayed'],
    sources: ['server'],
    verb: 'searched',
    object: 'page',
    what: 'the catalogue of courses',
    result: 'response: what was searched, how much was found',
    describe: (event, platform) => ({
      id: addressIn(platform, '/courses'),
      result: resulting({
        response: textOf(event.payload, 'search_term'),
        extensions: extended({ [extensions.totalItems]: numberOf(event.payload, 'results_count') })
      })
    })
  },
  {
    events: ['edx.course.index.reindexed'],
    seen: ['edx.course.index.reindexed'],
    sources: ['server'],
    verb: 'updated',
    object: 'collection',
    what: 'the search index',
    context: 'how much was indexed',
    describe: (event, platform) => ({
      id: inCourse(platform, event.courseId, `search/${requireText(event.payload, 'category')}`),
      extensions: extended({ [extensions.totalItems]: numberOf(event.payload, 'indexed_count') })
    })
  }
]
