import type { ImportRecord, ImportUser, ListImports } from '../contracts/imports.ts'
import type { ServerSettings } from '../settings/settings.ts'
import { allows, type Principal } from './principal.ts'

type Restrictions = Pick<ServerSettings, 'restrictByScopes' | 'restrictByAuthority'>

/** The user of an import, as its record keeps it. */
export const importUserOf = ({ username, agent, scopes, target }: Principal): ImportUser => ({
  username,
  agent,
  scopes,
  ...(target === undefined ? {} : { target })
})

/** The imports that a user may see, as for statements: those of the same store. Where authorities are kept apart, only the user's own. */
export const visibleImports = (
  principal: Principal,
  { restrictByScopes, restrictByAuthority }: Restrictions
): Pick<ListImports, 'store' | 'user'> => {
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
