import { type LanguagePreferences, parseAcceptLanguage, pickLanguage } from './language.ts'
import {
  type Activity,
  type ActivityDefinition,
  type Actor,
  type Agent,
  type Context,
  type ContextActivities,
  contextActivityKinds,
  type Group,
  type InteractionComponent,
  type InverseFunctionalIdentifier,
  interactionComponentLists,
  isActor,
  isGroup,
  isStatementRef,
  isSubStatement,
  type LanguageMap,
  type Statement,
  type StatementBase,
  type SubStatement,
  type Verb
} from './statement.ts'
import { everyActivity, everyVerb } from './terms.ts'

/** How a format changes Verbs, Activities, Agents and Groups. Everything else in a statement stays as it is. */
interface Reshape {
  verb(verb: Verb): Verb
  activity(activity: Activity): Activity
  agent(agent: Agent): Agent
  group(group: Group): Group
}

type PlainObject = SubStatement['object']

const reshapeActor = (actor: Actor, to: Reshape): Actor => (isGroup(actor) ? to.group(actor) : to.agent(actor))

const reshapeContextActivities = (all: ContextActivities, to: Reshape): ContextActivities => {
  const reshaped: { -readonly [kind in keyof ContextActivities]: ContextActivities[kind] } = {}
  for (const kind of contextActivityKinds) {
    const value = all[kind]
    if (value !== undefined) reshaped[kind] = ('id' in value ? [value] : value).map((each) => to.activity(each))
  }
  return reshaped
}

const reshapeContext = (context: Context, to: Reshape): Context => {
  const { instructor, team, contextActivities, contextAgents, contextGroups } = context
  return {
    ...context,
    ...(instructor && { instructor: reshapeActor(instructor, to) }),
    ...(team && { team: to.group(team) }),
    ...(contextActivities && { contextActivities: reshapeContextActivities(contextActivities, to) }),
    ...(contextAgents && { contextAgents: contextAgents.map((each) => ({ ...each, agent: to.agent(each.agent) })) }),
    ...(contextGroups && { contextGroups: contextGroups.map((each) => ({ ...each, group: to.group(each.group) })) })
  }
}

const reshapeObject = (object: PlainObject, to: Reshape): PlainObject => {
  if (isStatementRef(object)) return object
  if (!isActor(object)) return to.activity(object)
  const actor = reshapeActor(object, to)
  // Only here an Agent without objectType would be taken for an Activity.
  return actor.objectType === undefined ? { objectType: 'Agent', ...actor } : actor
}

const reshapeBase = <Base extends StatementBase>(statement: Base, to: Reshape): Base => ({
  ...statement,
  actor: reshapeActor(statement.actor, to),
  verb: to.verb(statement.verb),
  ...(statement.context && { context: reshapeContext(statement.context, to) })
})

const reshapeStatement = (statement: Statement, to: Reshape): Statement => {
  const { object, authority } = statement
  return {
    ...reshapeBase(statement, to),
    object: isSubStatement(object)
      ? { ...reshapeBase(object, to), object: reshapeObject(object.object, to) }
      : reshapeObject(object, to),
    ...(authority && { authority: reshapeActor(authority, to) })
  }
}

/** The one identifier that is there. */
const identifierOf = (actor: InverseFunctionalIdentifier): InverseFunctionalIdentifier => {
  if (actor.mbox !== undefined) return { mbox: actor.mbox }
  if (actor.account !== undefined) return { account: actor.account }
  if (actor.mbox_sha1sum !== undefined) return { mbox_sha1sum: actor.mbox_sha1sum }
  if (actor.openid !== undefined) return { openid: actor.openid }
  return {}
}

const isIdentified = (group: Group): boolean => Object.keys(identifierOf(group)).length > 0

const ids: Reshape = {
  verb: ({ id }) => ({ id }),
  activity: ({ id }) => ({ id }),
  agent: identifierOf,
  group: (group) => ({
    objectType: 'Group',
    ...identifierOf(group),
    // "For Anonymous Groups this means including the minimum information needed to identify each member."
    ...(!isIdentified(group) && group.member && { member: group.member.map(identifierOf) })
  })
}

/** `format=ids` (Communication §2.1.3): Agents, Groups, Activities and Verbs keep only what identifies them. */
export const idsOnly = (statement: Statement): Statement => reshapeStatement(statement, ids)

/** The merged metadata of Activities and Verbs in a store, by IRI. */
export interface CanonicalDescriptions {
  readonly definitions: Pick<ReadonlyMap<string, ActivityDefinition>, 'get'>
  readonly displays: Pick<ReadonlyMap<string, LanguageMap>, 'get'>
}

const componentIn = (component: InteractionComponent, languages: LanguagePreferences): InteractionComponent =>
  component.description === undefined
    ? component
    : { ...component, description: pickLanguage(component.description, languages) }

/** The definition with one language in each of its language maps. */
export const definitionIn = (definition: ActivityDefinition, languages: LanguagePreferences): ActivityDefinition => {
  const lists: { [list in (typeof interactionComponentLists)[number]]?: readonly InteractionComponent[] } = {}
  for (const list of interactionComponentLists) {
    const components = definition[list]
    if (components) lists[list] = components.map((component) => componentIn(component, languages))
  }
  return {
    ...definition,
    ...(definition.name && { name: pickLanguage(definition.name, languages) }),
    ...(definition.description && { description: pickLanguage(definition.description, languages) }),
    ...lists
  }
}

const asSent = <Kind extends Actor>(actor: Kind): Kind => actor

const canonicalIn = (descriptions: CanonicalDescriptions, languages: LanguagePreferences): Reshape => ({
  verb(verb) {
    const display = descriptions.displays.get(verb.id) ?? verb.display
    return display === undefined ? verb : { ...verb, display: pickLanguage(display, languages) }
  },
  activity(activity) {
    const definition = descriptions.definitions.get(activity.id) ?? activity.definition
    return definition === undefined ? activity : { ...activity, definition: definitionIn(definition, languages) }
  },
  agent: asSent,
  group: asSent
})

/**
 * `format=canonical` (Communication §2.1.3): Activities with their merged definition, Verbs with their merged display, one language in each
 * language map. Agents and Groups are as in `exact`. If nothing was merged, because the sender may not define, the statement's own
 * description is used. Attachments have no IRI for merging their language maps, so they stay as they were sent.
 */
export const canonical = (
  statement: Statement,
  descriptions: CanonicalDescriptions,
  acceptLanguage: string | undefined
): Statement => reshapeStatement(statement, canonicalIn(descriptions, parseAcceptLanguage(acceptLanguage)))

/** The Activities and Verbs whose metadata `canonical` needs, each once. */
export const namedIris = (
  statements: Iterable<Statement>
): { readonly activities: readonly string[]; readonly verbs: readonly string[] } => {
  const activities = new Set<string>()
  const verbs = new Set<string>()
  for (const statement of statements) {
    for (const { id } of everyActivity(statement)) activities.add(id)
    for (const { id } of everyVerb(statement)) verbs.add(id)
  }
  return { activities: [...activities], verbs: [...verbs] }
}
