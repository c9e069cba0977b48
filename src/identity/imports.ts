import type { ImportRecord, ImportUser, ListImports } from '../contracts/imports.ts'
import type { ServerSettings } from '../settings/settings.ts'
import { allows, type Principal } from './principal.ts'

type Restrictions = Pick<ServerSettings, 'restrictByScopes' | 'restrictByAuthority'>

/** In whose name an import is made, as its record keeps it. */
export const importUserOf = ({ username, agent, scopes, target }: Principal): ImportUser => ({
  username,
  agent,
  scopes,
  ...(target === undefined ? {} : { target })
})

/** As of statements: those of one's store, and where authorities are kept apart only one's own. */
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
