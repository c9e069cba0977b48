import type { Activity } from '../xapi/statement.ts'
import type { Call } from './call.ts'
import { iri, type Parameters, refuseUnknown, required } from './parameters.ts'

/**
 * GET /activities: an Activity with what all statements say of it; an unknown one has no definition (Communication
 * §2.5).
 */
export const readActivity = async (call: Call, parameters: Parameters): Promise<Activity> => {
  refuseUnknown(parameters, ['activityId'])
  const id = required(parameters, 'activityId', iri)
  const { definitions } = await call.store.statements.describe({ activities: [id], verbs: [] }, call)
  const definition = definitions.get(id)
  return { objectType: 'Activity', id, ...(definition === undefined ? {} : { definition }) }
}
