import type { ImportRecord, ImportUser, ListImports } from '../contracts/imports.ts'
import { allows, type Principal, type Restrictions, requireUnbound, rulesFor } from './principal.ts'

/** The user of an import, as its record keeps it. `FORBIDDEN` for a token of content. */
export const importUserOf = (principal: Principal): ImportUser => {
  requireUnbound(principal)
  const { username, agent, scopes, target, isScoped } = principal
  return {
    username,
    agent,
    scopes,
    ...(target === undefined ? {} : { target }),
    ...(isScoped === true ? { isScoped } : {})
  }
}

/** The imports that a user may see, as for statements: those of the same store. Where authorities are kept apart, only the user's own. */
export const visibleImports = (
  principal: Principal,
  restrictions: Restrictions
): Pick<ListImports, 'store' | 'user'> => {
  requireUnbound(principal)
  const { restrictByScopes, restrictByAuthority } = rulesFor(principal, restrictions)
  const mayReadAll = restrictByScopes && allows(principal, 'statements/read')
  const store = { target: principal.target }
  return !restrictByAuthority || mayReadAll ? { store } : { store, user: principal.username }
}

export const mayReadImport = (
  principal: Principal,
  { source, target }: ImportRecord,
  restrictions: Restrictions
): boolean => {
  const { store, user } = visibleImports(principal, restrictions)
  return target === store?.target && (user === undefined || source.user === user)
}
