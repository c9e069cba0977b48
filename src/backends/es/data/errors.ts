import { RalphError } from '../../../errors.ts'
import { asStoreError, type Refusal } from '../errors.ts'

const nameErrors: ReadonlySet<string> = new Set(['invalid_index_name_exception', 'index_closed_exception'])

/** The error of a command for a refusal. Undefined: the refusal is about one record only. */
export const asPlaceError = (refusal: Refusal, address: string): RalphError | undefined => {
  const { status, type, reason } = refusal
  const who = `Elasticsearch at ${address}`
  if (status === 401) return new RalphError('UNAUTHENTICATED', `${who} refuses the credentials in HOSTS: ${reason}`)
  if (status === 403 && type !== 'cluster_block_exception') {
    return new RalphError('FORBIDDEN', `${who} forbids that: ${reason}`)
  }
  if (type === 'index_not_found_exception') return new RalphError('NOT_FOUND', `${who} has ${reason}`)
  if (nameErrors.has(type)) return new RalphError('NOT_FOUND', `${who} cannot use this index: ${reason}`)
  return asStoreError(refusal)
}

/** The error for any refused request. `wrong` is the code for a mistake in the request itself. */
export const asError = (
  refusal: Refusal,
  address: string,
  wrong: 'INVALID_QUERY' | 'INVALID_INPUT' = 'INVALID_QUERY'
): RalphError => {
  const known = asPlaceError(refusal, address)
  if (known !== undefined) return known
  const why = `${refusal.type} ${refusal.reason}`.trim()
  if (refusal.type === 'search_context_missing_exception' || /search_context_missing|No search context/.test(why)) {
    return new RalphError(
      'STORE_UNAVAILABLE',
      `Elasticsearch at ${address} has forgotten the point in time that was read: read again, or set a longer POINT_IN_TIME_KEEP_ALIVE`
    )
  }
  if (refusal.status === 404) return new RalphError('NOT_FOUND', `Elasticsearch at ${address} cannot find this: ${why}`)
  return new RalphError(wrong, `Elasticsearch at ${address} does not understand the request: ${why}`)
}
