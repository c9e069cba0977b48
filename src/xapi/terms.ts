import type { StatementFilters } from './filters.ts'
import { identifierKeys } from './identifier.ts'
import {
  type Activity,
  type Actor,
  type Context,
  contextActivityKinds,
  isActivity,
  isActor,
  isSubStatement,
  normalId,
  type Statement,
  type StatementBase
} from './statement.ts'

/**
 * What a statement can be found by. A term is a short text, one letter for the filter and then the value; a statement
 * matches a query when it has each of the query's terms, so that a store needs one sorted list of statements per term.
 *
 *   a  agent                 Actor or Object                                       (Communication §2.1.3)
 *   A  agent, related_agents a, and Authority, Instructor, Team, contextAgents, contextGroups, SubStatement
 *   v  verb
 *   c  activity              Object
 *   C  activity, related_activities   c, and contextActivities, and Object and contextActivities of a SubStatement
 *   r  registration
 *   m  authority             never inherited through a StatementRef: permissions are judged on the statement itself
 */
export type Term = string

function* activitiesOf(context: Context | undefined): Generator<Activity> {
  const all = context?.contextActivities
  if (all === undefined) return
  for (const kind of contextActivityKinds) {
    const value = all[kind]
    if (value === undefined) continue
    if ('id' in value) yield value
    else yield* value
  }
}

function* actorsOf(context: Context | undefined): Generator<Actor> {
  if (context === undefined) return
  if (context.instructor) yield context.instructor
  if (context.team) yield context.team
  for (const { agent } of context.contextAgents ?? []) yield agent
  for (const { group } of context.contextGroups ?? []) yield group
}

/** Actors that only `related_agents` finds. */
function* relatedActors(statement: Statement): Generator<Actor> {
  if (statement.authority) yield statement.authority
  yield* actorsOf(statement.context)
  const { object } = statement
  if (!isSubStatement(object)) return
  yield object.actor
  if (isActor(object.object)) yield object.object
  yield* actorsOf(object.context)
}

/** Activities that only `related_activities` finds. */
function* relatedActivities(statement: Statement): Generator<Activity> {
  yield* activitiesOf(statement.context)
  const { object } = statement
  if (!isSubStatement(object)) return
  if (isActivity(object.object)) yield object.object
  yield* activitiesOf(object.context)
}

/** Every Activity in a statement, in the order in which their definitions are merged. */
export function* everyActivity(statement: Statement): Generator<Activity> {
  if (isActivity(statement.object)) yield statement.object
  yield* relatedActivities(statement)
}

/** Every Verb in a statement. */
export function* everyVerb(statement: Statement): Generator<StatementBase['verb']> {
  yield statement.verb
  if (isSubStatement(statement.object)) yield statement.object.verb
}

/** Every Agent and Group in a statement, without the members of Groups. */
export function* everyActor(statement: Statement): Generator<Actor> {
  yield statement.actor
  if (isActor(statement.object)) yield statement.object
  yield* relatedActors(statement)
}

/**
 * The terms of a statement that are inherited by statements which target it (Communication §2.1.3, "Filter Conditions for StatementRefs").
 */
export const inheritableTerms = (statement: Statement): Set<Term> => {
  const terms = new Set<Term>()
  terms.add(`v${statement.verb.id}`)
  const direct = isActor(statement.object) ? [statement.actor, statement.object] : [statement.actor]
  for (const actor of direct) {
    for (const key of identifierKeys(actor)) terms.add(`a${key}`).add(`A${key}`)
  }
  for (const actor of relatedActors(statement)) for (const key of identifierKeys(actor)) terms.add(`A${key}`)
  if (isActivity(statement.object)) terms.add(`c${statement.object.id}`).add(`C${statement.object.id}`)
  for (const activity of relatedActivities(statement)) terms.add(`C${activity.id}`)
  if (statement.context?.registration !== undefined) terms.add(`r${normalId(statement.context.registration)}`)
  return terms
}

/** The terms of a statement that are not inherited. */
export const ownTerms = (statement: Statement): Set<Term> => {
  const terms = new Set<Term>()
  if (statement.authority) for (const key of identifierKeys(statement.authority)) terms.add(`m${key}`)
  return terms
}

/** The terms that a statement must have to match. If there are none, every statement matches. */
export const termsOfQuery = (filters: StatementFilters): Term[] => {
  const terms: Term[] = []
  if (filters.agent !== undefined) terms.push(`${filters.relatedAgents ? 'A' : 'a'}${filters.agent}`)
  if (filters.verb !== undefined) terms.push(`v${filters.verb}`)
  if (filters.activity !== undefined) terms.push(`${filters.relatedActivities ? 'C' : 'c'}${filters.activity}`)
  if (filters.registration !== undefined) terms.push(`r${filters.registration}`)
  if (filters.authority !== undefined) terms.push(`m${filters.authority}`)
  return terms
}

/** All terms of a statement, without those that it inherits. */
export const everyTerm = (statement: Statement): ReadonlySet<Term> =>
  new Set([...inheritableTerms(statement), ...ownTerms(statement)])
