import { setImmediate } from 'node:timers/promises'
import type { StatementPage } from '../../contracts/statement-store.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { isWithinBound } from '../bound.ts'
import type { Call } from '../call.ts'
import { readsOnly } from '../restriction.ts'
import { createReferenceFilter, looksThroughReferences } from './reference-filter.ts'

/** The page size of the store after the first page had statements that do not count. */
const laterPageSize = 256

type Keep = ReturnType<typeof createReferenceFilter>

const withinBound =
  (call: Call, keep: Keep | undefined): Keep =>
  async (statements) => {
    const within = statements.filter(({ text }) => isWithinBound(call, text))
    return keep === undefined ? within : keep(within)
  }

/**
 * The statements that answer a query for this principal, in their order, one page of the store at a time. It gives up to the limit of the
 * query. If some found statements may not match, it can give one more. The store is asked only for the principal's own statements, so
 * wasted work is on statements that the principal stored. `more` says whether another page may follow.
 */
export async function* findStatements(call: Call, query: StatementQuery): AsyncGenerator<StatementPage> {
  const authority = readsOnly(call)
  const keepOwn =
    authority !== undefined && looksThroughReferences(query) ? createReferenceFilter(call, query, authority) : undefined
  const isBound = call.principal.bound !== undefined
  const keepReadable = isBound ? withinBound(call, keepOwn) : keepOwn
  let wanted = keepReadable === undefined ? query.limit : query.limit + 1
  let { after } = query
  for (let limit = wanted; limit > 0; ) {
    call.signal.throwIfAborted()
    const page = await call.store.statements.query({ ...query, limit, ...(after && { after }) }, call)
    const statements = keepReadable === undefined ? page.statements : await keepReadable(page.statements)
    yield { statements, more: page.more }
    const last = page.statements.at(-1)
    if (!page.more || last === undefined) return
    after = { stored: last.stored, id: last.id }
    wanted -= statements.length
    limit = keepReadable === undefined || wanted <= 0 ? wanted : Math.max(wanted, laterPageSize)
    // Some stores answer without returning to the event loop. Other requests must run too.
    await setImmediate()
  }
}
