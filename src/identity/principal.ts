import { RalphError } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'

/** The scopes of Ralph, including those of xAPI 1.0.3 Communication §4.0, as in auth.json. */
export const scopes = [
  'statements/write',
  'statements/read/mine',
  'statements/read',
  'state/write',
  'state/read',
  'define',
  'profile/write',
  'profile/read',
  'all/read',
  'all',
  'authority/write'
] as const
export type Scope = (typeof scopes)[number]

export const isScope = (word: string): word is Scope => scopes.some((scope) => scope === word)

/** The learner, the registration and the Activity for which content got a token. It reads and writes nothing else. */
export interface Bound {
  readonly actor: Agent
  /** Undefined: every one. */
  readonly registration?: string
  /** Undefined: every one. */
  readonly activity?: string
}

/** The user whose credentials were verified, and what this user may do. */
export interface Principal {
  readonly username: string
  /** Becomes the Authority of the statements that this user stores (Data §2.4.9). */
  readonly agent: Agent
  /** As in auth.json, not expanded. Call `allows` to check one. */
  readonly scopes: readonly Scope[]
  /** The store that this user reads and writes. Undefined: the default one. */
  readonly target?: string
  /** The scopes are enforced, and authorities are kept apart, whatever the settings say. So it is for keys and tokens. */
  readonly isScoped?: boolean
  /** Undefined: it is not bound. */
  readonly bound?: Bound
}

export interface Restrictions {
  readonly restrictByScopes: boolean
  readonly restrictByAuthority: boolean
}

/** The rules as they are for this principal. */
export const rulesFor = <Rules extends Restrictions>({ isScoped }: Principal, rules: Rules): Rules =>
  isScoped === true ? { ...rules, restrictByScopes: true, restrictByAuthority: true } : rules

/** Throws `FORBIDDEN` unless the principal may do everything, whether scopes are enforced or not. */
export const requireAdministrator = (principal: Principal): void => {
  if (principal.bound === undefined && allows(principal, 'all')) return
  throw new RalphError('FORBIDDEN', 'These credentials lack the scope all.', { scope: 'all' })
}

/** Throws `FORBIDDEN` for a token of content, which is for statements and documents only. */
export const requireUnbound = ({ bound }: Principal): void => {
  if (bound === undefined) return
  throw new RalphError('FORBIDDEN', 'A token of content is for statements and documents only.')
}

const includedIn: { readonly [scope in Scope]: readonly Scope[] } = {
  'statements/write': ['all'],
  'statements/read/mine': ['statements/read', 'all/read', 'all'],
  'statements/read': ['all/read', 'all'],
  'state/write': ['all'],
  'state/read': ['all/read', 'all'],
  define: ['all'],
  'profile/write': ['all'],
  'profile/read': ['all/read', 'all'],
  'all/read': ['all'],
  all: [],
  'authority/write': ['all']
}

/** Throws `FORBIDDEN` if scopes are enforced and the principal does not have this one. */
export const requireScopeOf = (
  principal: Principal,
  scope: Scope,
  { restrictByScopes }: Pick<Restrictions, 'restrictByScopes'>
): void => {
  if ((!restrictByScopes && principal.isScoped !== true) || allows(principal, scope)) return
  throw new RalphError('FORBIDDEN', `These credentials lack the scope ${scope}.`, { scope })
}

/** Whether the principal has the scope, directly or as part of a wider one. */
export const allows = (principal: Principal, scope: Scope): boolean =>
  principal.scopes.includes(scope) || includedIn[scope].some((wider) => principal.scopes.includes(wider))
