import { allows } from '../identity/principal.ts'
import { apartKey } from '../xapi/authority.ts'
import { identifierKey } from '../xapi/identifier.ts'
import type { Call } from './call.ts'

type Judged = Pick<Call, 'principal' | 'rules'>

/** Identifier key of the principal, by which stores know the statements this user has sent. */
export const keyOfPrincipal = ({ principal }: Pick<Call, 'principal'>): string => identifierKey(principal.agent) ?? ''

/**
 * The Authority whose statements are all that the principal may read (RALPH_LRS_RESTRICT_BY_AUTHORITY); undefined where he
 * may read everything. Whatever is answered must come from these statements, not only the statements themselves: their
 * attachments, definitions, names, and what filters look at.
 */
export const readsOnly = (call: Judged): string | undefined => {
  const { restrictByAuthority, restrictByScopes } = call.rules
  const mayReadAll = restrictByScopes && allows(call.principal, 'statements/read')
  return restrictByAuthority && !mayReadAll ? keyOfPrincipal(call) : undefined
}

/** Whether the principal has a say over his own statements alone; the scope `all` counts where scopes are enforced. */
export const writesOwnOnly = ({ principal, rules }: Judged): boolean =>
  rules.restrictByAuthority && !(rules.restrictByScopes && allows(principal, 'all'))

/**
 * Whether the principal may send statements in the name of another one (ruling 17). Where users are kept apart and scopes
 * are not enforced, no scope lets a user act for another.
 */
export const mayGiveAuthority = ({ principal, rules }: Judged): boolean =>
  allows(principal, 'authority/write') && (rules.restrictByScopes || !rules.restrictByAuthority)

/** The name under which the store describes an Activity, a Verb or an Agent to the principal. */
export const describedAs = (call: Judged): ((name: string) => string) => {
  const authority = readsOnly(call)
  return authority === undefined ? (name) => name : (name) => apartKey(authority, name)
}
