import { RalphError } from '../errors.ts'
import type { Agent } from '../xapi/statement.ts'

/** Ralph's scopes, those of xAPI 1.0.3 Communication §4.0 among them, as auth.json spells them. */
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

/** The user whose credentials were verified, with what this user may do. */
export interface Principal {
  readonly username: string
  /** Becomes the Authority of the statements that this user stores (Data §2.4.9). */
  readonly agent: Agent
  /** As in auth.json, not expanded; ask `allows`. */
  readonly scopes: readonly Scope[]
  /** Which store this user reads and writes; undefined: the default one. */
  readonly target?: string
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

/** `FORBIDDEN` where scopes are enforced and the principal lacks this one. */
export const requireScopeOf = (
  principal: Principal,
  scope: Scope,
  { restrictByScopes }: { readonly restrictByScopes: boolean }
): void => {
  if (!restrictByScopes || allows(principal, scope)) return
  throw new RalphError('FORBIDDEN', `These credentials lack the scope ${scope}.`, { scope })
}

/** Whether the principal holds the scope, by itself or within a wider one. */
export const allows = (principal: Principal, scope: Scope): boolean =>
  principal.scopes.includes(scope) || includedIn[scope].some((wider) => principal.scopes.includes(wider))
