import type { Activity, Context, Statement, Verb } from '../../xapi/statement.ts'
import { courseIdOf, courseIri, type Platform } from './addresses.ts'
import type { Conversion, Description } from './define.ts'
import type { EdxEvent } from './event.ts'
import { textOf, wrongField } from './fields.ts'
import { asTimestamp } from './time.ts'
import { activityTypes, type ProfileName, profiles, type VerbName, verbs } from './vocabulary.ts'

/** The converted statements of Python Ralph have no `display`. */
const verbOf = (name: VerbName, { asRalph }: Conversion): Verb => {
  const { id, display } = verbs[name]
  return asRalph === true ? { id } : { id, display: { 'en-US': display } }
}

const categoryOf = (profile: ProfileName): readonly Activity[] => [
  { id: profiles[profile].id, definition: { type: activityTypes.profile.id } }
]

/** A conversion, and what all its statements share. */
export interface PreparedConversion {
  readonly conversion: Conversion
  readonly verb: Verb
  readonly otherVerb: Verb
  /** Undefined: each event says it. */
  readonly type: string | undefined
  readonly category: readonly Activity[] | undefined
}

export const prepare = (conversion: Conversion): PreparedConversion => {
  const { verb, otherwise, object, profile } = conversion
  return {
    conversion,
    verb: verbOf(verb, conversion),
    otherVerb: verbOf(otherwise?.verb ?? verb, conversion),
    type: object === 'block' ? undefined : activityTypes[object].id,
    category: profile === undefined ? undefined : categoryOf(profile)
  }
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

let lastCourse: { readonly platform: Platform; readonly courseId: string; readonly activity: Activity } | undefined

/** The course as an Activity. Neighbours in a log are of one course more often than not: its address is made once. */
const courseActivity = (platform: Platform, courseId: string): Activity => {
  if (lastCourse?.courseId === courseId && lastCourse.platform === platform) return lastCourse.activity
  const activity = { id: courseIri(platform, courseId), definition: { type: activityTypes.course.id } }
  lastCourse = { platform, courseId, activity }
  return activity
}

interface Parts {
  category?: readonly Activity[]
  parent?: readonly Activity[]
  grouping?: readonly Activity[]
}

/** What the statement belongs to; undefined: nothing is known. */
const activitiesOf = (
  { conversion, category: ofProfile }: PreparedConversion,
  said: Description,
  event: EdxEvent,
  platform: Platform
): Parts | undefined => {
  const category = said.claimsProfile === false ? undefined : ofProfile
  const courseId = conversion.asRalph ? '' : conversion.withoutPayload ? event.courseId : courseIdOf(event)
  const course = courseId === '' ? undefined : courseActivity(platform, courseId)
  const isInCourse = course !== undefined && course.id !== said.id
  if (category === undefined && said.parent === undefined && !isInCourse) return undefined
  const parts: Parts = {}
  if (category !== undefined) parts.category = category
  if (said.parent !== undefined) parts.parent = [said.parent]
  if (isInCourse) parts.grouping = [course]
  return parts
}

const contextOf = (
  prepared: PreparedConversion,
  said: Description,
  event: EdxEvent,
  platform: Platform
): Context | undefined => {
  const contextActivities = activitiesOf(prepared, said, event, platform)
  const { extensions } = said
  if (contextActivities === undefined) return extensions === undefined ? undefined : { extensions }
  return extensions === undefined ? { contextActivities } : { contextActivities, extensions }
}

type Draft = { -readonly [part in keyof Statement]: Statement[part] }

/** The statement that an event is, once its conversion has described it. */
export const toStatement = (
  id: string,
  event: EdxEvent,
  prepared: PreparedConversion,
  said: Description,
  platform: Platform
): Statement => {
  const type = prepared.type ?? activityTypes[said.type ?? 'resource'].id
  const { name } = said
  const statement: Draft = {
    id,
    actor: {
      objectType: 'Agent',
      account: {
        homePage: platform.homePage,
        name: accountOf(event, said.learner)
      }
    },
    verb: said.otherwise === true ? prepared.otherVerb : prepared.verb,
    object: {
      id: said.id,
      definition: name === undefined ? { type } : { type, name: { 'en-US': name } }
    }
  }
  if (said.result !== undefined) statement.result = said.result
  const context = contextOf(prepared, said, event, platform)
  if (context !== undefined) statement.context = context
  const time = textOf(event.whole, 'time')
  if (time !== undefined) statement.timestamp = asTimestamp(time, prepared.conversion.asRalph === true ? '' : 'Z')
  statement.version = '1.0.0'
  return statement
}
