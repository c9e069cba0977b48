import { setImmediate } from 'node:timers/promises'
import type { StatementPage } from '../../contracts/statement-store.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import type { Call } from '../call.ts'
import { readsOnly } from '../restriction.ts'
import { createReferenceFilter, looksThroughReferences } from './reference-filter.ts'

/** So many are looked at together once the first page has left out some. */
const nextLook = 256

/**
 * The statements that answer a query to this reader, in their order, a page of the store at a time: up to its limit or, where
 * stores find some that he may not know to match, up to one more at least. The store is asked for his own statements
 * only: what is looked at in vain, he has stored himself. `more` says whether another page may follow.
 */
export async function* findStatements(call: Call, query: StatementQuery): AsyncGenerator<StatementPage> {
  const authority = readsOnly(call)
  const keepReadable =
    authority !== undefined && looksThroughReferences(query) ? createReferenceFilter(call, query, authority) : undefined
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
    limit = keepReadable === undefined || wanted <= 0 ? wanted : Math.max(wanted, nextLook)
    // Some stores answer without a turn of the event loop: others must have theirs.
    await setImmediate()
  }
}
