import { RalphError } from '../../../errors.ts'
import type { Activity, Context, Extensions, Statement } from '../../../xapi/statement.ts'
import type { Platform } from '../addresses.ts'
import { extended } from '../define.ts'
import type { EdxEvent } from '../event.ts'
import { textOf } from '../fields.ts'
import { createNames, uuidBytes } from '../statement-id.ts'
import { asTimestamp } from '../time.ts'
import { courseConversions } from './course.ts'
import { type AspectsConversion, courseIn, type Parent, type Said, sessionIn } from './define.ts'
import { forumConversions } from './forum.ts'
import { problemConversions } from './problem.ts'
import { asciiJson } from './python-text.ts'
import { videoConversions } from './video.ts'
import { aspectsExtensions, aspectsTypes, aspectsVerbs } from './vocabulary.ts'

/** What event-routing-backends of Open edX makes of events, as far as it is valid xAPI. */
export const aspectsConversions: readonly AspectsConversion[] = [
  ...courseConversions,
  ...videoConversions,
  ...problemConversions,
  ...forumConversions
]

const byEvent = new Map<string, readonly AspectsConversion[]>()
for (const conversion of aspectsConversions) {
  for (const event of conversion.events) byEvent.set(event, [...(byEvent.get(event) ?? []), conversion])
}

/** An event goes by its name, which is its type too in nearly every log. */
export const findAspectsConversion = (source: string, type: string, name: unknown): AspectsConversion | undefined => {
  const found = (typeof name === 'string' ? byEvent.get(name) : undefined) ?? byEvent.get(type)
  if (found === undefined) return undefined
  const isBrowser = source !== 'server'
  return found.find((each) => each.source === undefined || (each.source === 'browser') === isBrowser)
}

/** Stands where event-routing-backends says its version; it does not change, for the same event gives the same. */
const transformer = 'ralph, as event-routing-backends@10.0.0'

/** The learner that the event is about, or who was signed in; undefined for nobody: then there is no statement. */
const learnerOf = ({ payload, context, whole }: EdxEvent): string | undefined => {
  const ids = [textOf(payload, 'user_id'), textOf(payload, 'username'), textOf(context, 'user_id')]
  const names = [textOf(whole, 'username'), textOf(context, 'username')]
  return [...ids, ...names].find((each) => each !== undefined && each !== '0')
}

/** The namespace of event-routing-backends: that of DNS names. */
const dns = '6ba7b810-9dad-11d1-80b4-00c04fd430c8'

const namesIn = (uuid: string): ((name: Uint8Array) => string) => {
  const bytes = uuidBytes(uuid)
  if (bytes === undefined) throw new RalphError('INTERNAL', `${uuid} is not a UUID`)
  return createNames(bytes)
}

const inDns = namesIn(dns)
const namespaces = new Map<string, (name: Uint8Array) => string>()

/** As many names of namespaces as there are verbs, and more where questions have one each: those are not kept. */
const namesOf = (key: string, keep: boolean): ((name: Uint8Array) => string) => {
  const known = namespaces.get(key)
  if (known !== undefined) return known
  const names = namesIn(inDns(Buffer.from(key)))
  if (keep) namespaces.set(key, names)
  return names
}

const courseOf = (event: EdxEvent, platform: Platform): Activity | undefined =>
  event.courseId === ''
    ? undefined
    : { objectType: 'Activity', id: courseIn(platform, event.courseId), definition: { type: aspectsTypes.course } }

const contextOf = (
  event: EdxEvent,
  platform: Platform,
  conversion: AspectsConversion,
  said: Said,
  parent: Parent | undefined
): Context => {
  const extensions: Extensions = {
    [aspectsExtensions.transformer]: transformer,
    ...extended({ [aspectsExtensions.session]: sessionIn(event) }),
    ...said.extensions
  }
  const course = conversion.isAboutCourse ? undefined : courseOf(event, platform)
  const above = parent === undefined ? course : parent.object
  const grouping = parent === undefined ? said.grouping : course
  const contextActivities = {
    ...(above === undefined ? undefined : { parent: [above] }),
    ...(grouping === undefined ? undefined : { grouping: [grouping] })
  }
  return {
    ...(parent === undefined ? undefined : { statement: parent.statement }),
    ...(Object.keys(contextActivities).length === 0 ? undefined : { contextActivities }),
    extensions
  }
}

/** The statements of an event; none when it names nobody. */
export const toAspects = (event: EdxEvent, conversion: AspectsConversion, platform: Platform): readonly Statement[] => {
  const learner = learnerOf(event)
  if (learner === undefined) return []
  const { id: verb, display } = aspectsVerbs[conversion.verb]
  const verbText = `{"id": "${verb}", "display": {"en": "${display}"}}`
  const account = `{"name": ${asciiJson(learner)}, "homePage": ${asciiJson(platform.homePage)}}`
  const time = textOf(event.whole, 'time')
  const name = Buffer.from(`{"objectType": "Agent", "account": ${account}}-${time ?? 'None'}`)
  const timestamp = time === undefined ? undefined : asTimestamp(time, 'Z').replace(/Z$/, '+00:00')

  const statementOf = (said: Said, key: string | undefined, parent: Parent | undefined): Statement => ({
    id: key === undefined ? namesOf(verbText, true)(name) : namesOf(`${verbText}-${key}`, false)(name),
    actor: { objectType: 'Agent', account: { homePage: platform.homePage, name: learner } },
    verb: { id: verb, display: { en: display } },
    object: {
      objectType: 'Activity',
      id: said.id,
      definition: { type: aspectsTypes[conversion.object], ...said.definition }
    },
    ...(said.result === undefined ? undefined : { result: said.result }),
    context: contextOf(event, platform, conversion, said, parent),
    ...(timestamp === undefined ? undefined : { timestamp }),
    version: '1.0.3'
  })

  const said = conversion.describe(event, platform)
  const first = statementOf(said, undefined, undefined)
  const { questions = [] } = said
  if (questions.length === 0) return [first]
  const parent: Parent = {
    object: {
      objectType: 'Activity',
      id: said.id,
      definition: { type: aspectsTypes[conversion.object], ...said.definition }
    },
    statement: { objectType: 'StatementRef', id: first.id ?? '' }
  }
  return [first, ...questions.map((question) => statementOf(question, question.key, parent))]
}
