import { allows } from '../identity/principal.ts'
import { apartKey } from '../xapi/authority.ts'
import { identifierKey } from '../xapi/identifier.ts'
import type { Call } from './call.ts'

type Judged = Pick<Call, 'principal' | 'rules'>

/** Identifier key of the principal. Stores know the statements of this user by it. */
export const keyOfPrincipal = ({ principal }: Pick<Call, 'principal'>): string => identifierKey(principal.agent) ?? ''

/**
 * The only Authority whose statements the principal may read (RALPH_LRS_RESTRICT_BY_AUTHORITY). Undefined: the principal may read
 * everything. This covers everything in an answer: statements, attachments, definitions, names, and what filters look at.
 */
export const readsOnly = (call: Judged): string | undefined => {
  const { restrictByAuthority, restrictByScopes } = call.rules
  const mayReadAll = restrictByScopes && allows(call.principal, 'statements/read')
  return restrictByAuthority && !mayReadAll ? keyOfPrincipal(call) : undefined
}

/** Whether the principal may change only its own statements. The scope `all` counts where scopes are enforced. */
export const writesOwnOnly = ({ principal, rules }: Judged): boolean =>
  rules.restrictByAuthority && !(rules.restrictByScopes && allows(principal, 'all'))

/**
 * Whether the principal may send statements in the name of another user (ruling 17). If users are restricted and scopes are not enforced,
 * no scope allows this.
 */
export const mayGiveAuthority = ({ principal, rules }: Judged): boolean =>
  allows(principal, 'authority/write') && (rules.restrictByScopes || !rules.restrictByAuthority)

/** The name under which the store keeps the metadata of an Activity, a Verb or an Agent for the principal. */
export const describedAs = (call: Judged): ((name: string) => string) => {
  const authority = readsOnly(call)
  return authority === undefined ? (name) => name : (name) => apartKey(authority, name)
}
