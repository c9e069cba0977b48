import { identifierKey } from '../xapi/identifier.ts'
import { type Person, personOf } from '../xapi/person.ts'
import { requireDocumentsWithinBound } from './bound.ts'
import type { Call } from './call.ts'
import { namesOf } from './describe.ts'
import { agent, type Parameters, refuseUnknown, required } from './parameters.ts'

/** GET /agents: all that is known of an Agent, as a Person. An unknown Agent gets an answer too (Communication §2.4). */
export const readPerson = async (call: Call, parameters: Parameters): Promise<Person> => {
  refuseUnknown(parameters, ['agent'], call.rules)
  const asked = required(parameters, 'agent', agent(call.version))
  requireDocumentsWithinBound(call, { kind: 'agent-profile', agent: identifierKey(asked) ?? '' })
  const names = await namesOf(call, identifierKey(asked) ?? '')
  return personOf(asked, names)
}
