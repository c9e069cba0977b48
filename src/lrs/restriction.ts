import { allows } from '../identity/asker.ts'
import { apartKey } from '../xapi/authority.ts'
import { identifierKey } from '../xapi/identifier.ts'
import type { Call } from './call.ts'

type Judged = Pick<Call, 'asker' | 'rules'>

/** Identifier key of the asker, by which stores know what he has sent. */
export const keyOfAsker = ({ asker }: Pick<Call, 'asker'>): string => identifierKey(asker.agent) ?? ''

/**
 * The Authority whose statements are all that the asker may read (RALPH_LRS_RESTRICT_BY_AUTHORITY); undefined where he
 * may read everything. Whatever is answered must come from these statements, not only the statements themselves: their
 * attachments, definitions, names, and what filters look at.
 */
export const readsOnly = (call: Judged): string | undefined => {
  const { restrictByAuthority, restrictByScopes } = call.rules
  const mayReadAll = restrictByScopes && allows(call.asker, 'statements/read')
  return restrictByAuthority && !mayReadAll ? keyOfAsker(call) : undefined
}

/** Whether the asker has a say over his own statements alone; the scope `all` counts where scopes are enforced. */
export const writesOwnOnly = ({ asker, rules }: Judged): boolean =>
  rules.restrictByAuthority && !(rules.restrictByScopes && allows(asker, 'all'))

/** The name under which the store describes an Activity, a Verb or an Agent to the asker. */
export const describedAs = (call: Judged): ((name: string) => string) => {
  const authority = readsOnly(call)
  return authority === undefined ? (name) => name : (name) => apartKey(authority, name)
}
