import type { Activity } from '../xapi/statement.ts'
import { requireDocumentsWithinBound } from './bound.ts'
import type { Call } from './call.ts'
import { definitionOf } from './describe.ts'
import { iri, type Parameters, refuseUnknown, required } from './parameters.ts'

/**
 * GET /activities: an Activity with the merged definition from all statements that the principal may read. An unknown Activity has no
 * definition (Communication §2.5).
 */
export const readActivity = async (call: Call, parameters: Parameters): Promise<Activity> => {
  refuseUnknown(parameters, ['activityId'], call.rules)
  const id = required(parameters, 'activityId', iri)
  requireDocumentsWithinBound(call, { kind: 'activity-profile', activity: id })
  const definition = await definitionOf(call, id)
  return { objectType: 'Activity', id, ...(definition === undefined ? {} : { definition }) }
}
