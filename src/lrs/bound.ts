import type { DocumentScope } from '../contracts/document-store.ts'
import { RalphError } from '../errors.ts'
import type { Bound } from '../identity/principal.ts'
import type { StatementQuery } from '../xapi/filters.ts'
import { identifierKey } from '../xapi/identifier.ts'
import { contextActivityKinds, isActivity, isGroup, type Statement, voids } from '../xapi/statement.ts'
import type { Call } from './call.ts'

type Caller = Pick<Call, 'principal'>

const refuse = (what: string): never => {
  throw new RalphError('FORBIDDEN', `These credentials are bound: ${what}.`)
}

const keyOf = ({ actor }: Bound): string => identifierKey(actor) ?? ''

const activitiesOf = ({ object, context }: Statement): readonly string[] => [
  ...(isActivity(object) ? [object.id] : []),
  ...contextActivityKinds.flatMap((kind) => context?.contextActivities?.[kind] ?? []).map(({ id }) => id)
]

/** What of a statement does not belong to the learner, the registration or the Activity of the token. Undefined: it all does. */
const strayOf = (statement: Statement, bound: Bound): string | undefined => {
  const { actor, context } = statement
  if (isGroup(actor) || identifierKey(actor) !== keyOf(bound)) return 'the actor must be the one of the token'
  if (bound.registration !== undefined && context?.registration?.toLowerCase() !== bound.registration) {
    return 'context.registration must be the one of the token'
  }
  if (bound.activity !== undefined && !activitiesOf(statement).includes(bound.activity)) {
    return 'the Activity of the token must be the object, or one of contextActivities'
  }
  return undefined
}

/** Throws `FORBIDDEN` for a statement that the principal may not send. */
export const requireWithinBound = ({ principal: { bound } }: Caller, statement: Statement): void => {
  if (bound === undefined) return
  if (voids(statement) !== undefined) refuse('they void nothing')
  const stray = strayOf(statement, bound)
  if (stray !== undefined) refuse(stray)
}

/** Whether the principal may read the statement with this text, as far as it is bound. */
export const isWithinBound = ({ principal: { bound } }: Caller, text: string): boolean =>
  // The store contains only validated statements.
  bound === undefined || strayOf(JSON.parse(text) as Statement, bound) === undefined

/** The query, for statements of the learner and the registration only. `FORBIDDEN` if it asks for others. */
export const boundQuery = ({ principal: { bound } }: Caller, query: StatementQuery): StatementQuery => {
  if (bound === undefined) return query
  const { agent = keyOf(bound), registration = bound.registration } = query
  if (agent !== keyOf(bound)) refuse('they read statements of one learner')
  if (bound.registration !== undefined && registration !== bound.registration) {
    refuse('they read statements of one registration')
  }
  return { ...query, agent, ...(registration === undefined ? {} : { registration }) }
}

/** Throws `FORBIDDEN` for documents that do not belong to the learner, the registration or the Activity. */
export const requireDocumentsWithinBound = ({ principal: { bound } }: Caller, scope: DocumentScope): void => {
  if (bound === undefined) return
  if (scope.kind !== 'activity-profile' && scope.agent !== keyOf(bound))
    refuse('the agent must be the one of the token')
  if (scope.kind !== 'agent-profile' && bound.activity !== undefined && scope.activity !== bound.activity) {
    refuse('activityId must be the Activity of the token')
  }
  if (scope.kind === 'state' && bound.registration !== undefined && scope.registration !== bound.registration) {
    refuse('the registration must be the one of the token')
  }
}
