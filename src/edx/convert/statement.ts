import type { Activity, Context, Statement, Verb } from '../../xapi/statement.ts'
import type { Conversion, Description } from './define.ts'
import type { EdxEvent } from './event.ts'
import { textOf, wrongField } from './fields.ts'
import { courseIdOf, courseIri, type Place } from './place.ts'
import { asTimestamp } from './time.ts'
import { activityTypes, profiles, type VerbName, verbs } from './vocabulary.ts'

/** Known since Ralph 5, whose converted statements have no `display`. */
const bareVerbs = new Map<VerbName, Verb>()
const shownVerbs = new Map<VerbName, Verb>()
for (const [name, { id, display }] of Object.entries(verbs)) {
  // The keys of the table are its names.
  bareVerbs.set(name as VerbName, { id })
  shownVerbs.set(name as VerbName, { id, display: { 'en-US': display } })
}

const categories = {
  lms: [{ id: profiles.lms.id, definition: { type: activityTypes.profile.id } }],
  video: [{ id: profiles.video.id, definition: { type: activityTypes.profile.id } }]
} as const

const verbOf = (conversion: Conversion, { otherwise }: Description): Verb => {
  const name = otherwise === true ? (conversion.otherwise?.verb ?? conversion.verb) : conversion.verb
  const verb = (conversion.asRalph ? bareVerbs : shownVerbs).get(name)
  if (verb === undefined) throw new Error(`no verb ${name}`)
  return verb
}

/** Who did it: the account on the platform, or "anonymous" for who was not signed in. */
const accountOf = ({ context }: EdxEvent, learner: string | undefined): string => {
  if (learner !== undefined) return learner
  const user = context.value.user_id
  if (user === undefined || user === null || user === '' || user === 0) return 'anonymous'
  if (typeof user === 'string') return user.toWellFormed()
  if (typeof user === 'number') return String(user)
  throw wrongField('/context/user_id', 'a number or a text')
}

const contextOf = (conversion: Conversion, said: Description, event: EdxEvent, place: Place): Context | undefined => {
  const category = conversion.profile === undefined ? undefined : categories[conversion.profile]
  const courseId = conversion.asRalph ? '' : courseIdOf(event)
  const course = courseId === '' ? undefined : courseIri(place, courseId)
  const inCourse = course !== undefined && course !== said.id
  const { parent, extensions } = said
  if (category === undefined && !inCourse && parent === undefined && extensions === undefined) return undefined
  const grouping: readonly Activity[] | undefined = inCourse
    ? [{ id: course, definition: { type: activityTypes.course.id } }]
    : undefined
  return {
    ...(category === undefined && grouping === undefined && parent === undefined
      ? undefined
      : {
          contextActivities: {
            ...(category && { category }),
            ...(parent && { parent: [parent] }),
            ...(grouping && { grouping })
          }
        }),
    ...(extensions && { extensions })
  }
}

/** The statement that an event is, once its conversion has described it. */
export const toStatement = (
  id: string,
  event: EdxEvent,
  conversion: Conversion,
  said: Description,
  place: Place
): Statement => {
  const type = conversion.object === 'block' ? (said.type ?? 'resource') : conversion.object
  const context = contextOf(conversion, said, event, place)
  const time = textOf(event.whole, 'time')
  return {
    id,
    actor: { objectType: 'Agent', account: { homePage: place.homePage, name: accountOf(event, said.learner) } },
    verb: verbOf(conversion, said),
    object: {
      id: said.id,
      definition:
        said.name === undefined
          ? { type: activityTypes[type].id }
          : { type: activityTypes[type].id, name: { 'en-US': said.name } }
    },
    ...(said.result && { result: said.result }),
    ...(context && { context }),
    ...(time !== undefined && { timestamp: asTimestamp(time) }),
    version: '1.0.0'
  }
}
