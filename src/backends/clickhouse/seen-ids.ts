import type { StatementId } from '../../xapi/statement.ts'
import { createIdFilter } from './bloom-filter.ts'
import { bytesOfId, idLength, keyLength, keyOfId, ofItself, ofReferrers } from './keys.ts'
import type { ReadContext } from './look-up.ts'

/**
 * Tells without a request that no statement has an id or refers to it. Most new statements have such an id, and a request costs as much as
 * all inserts of a batch together.
 */
export interface KnownIds {
  /** Called before the statement is written. */
  add(id: StatementId): void
  /** The ids that must be looked up. */
  among(ids: readonly StatementId[]): readonly StatementId[]
  /** Resolves when the ids in the tables are known. Until then all ids must be looked up. */
  load(): Promise<void>
}

/** A store with more statements looks up all ids. They would need too much memory, four bytes or more each. */
const most = 2_000_000
/** Keys of one request. */
const page = 100_000
const firstId = new Uint8Array(idLength)

export const createKnownIds = ({ connection, tables, store }: ReadContext, statements: number): KnownIds => {
  const filter = statements > most ? undefined : createIdFilter(statements * 1.5)
  let isLoaded = false

  const loadKeys = async (letter: number): Promise<void> => {
    const end = keyOfId(letter + 1, firstId).toString('hex')
    let from: Buffer = keyOfId(letter, firstId)
    for (;;) {
      const rows = await connection.read(
        `SELECT DISTINCT key FROM ${tables.entry} WHERE store = {store:UInt32}
           AND key >= toFixedString(unhex({from:String}), 17) AND key < toFixedString(unhex({end:String}), 17)
         ORDER BY store, key LIMIT {page:UInt32}`,
        { store, from: from.toString('hex'), end, page }
      )
      let count = 0
      for (; rows.more(); count += 1) {
        from = rows.fixed(keyLength)
        filter?.add(from.subarray(1))
      }
      // The next page begins with the last key of this one.
      if (count < page) return
    }
  }

  return {
    add: (id) => filter?.add(bytesOfId(id)),
    among: (ids) => (isLoaded && filter !== undefined ? ids.filter((id) => filter.mayHave(bytesOfId(id))) : ids),
    load: async () => {
      if (filter === undefined) return
      for (const letter of [ofItself, ofReferrers]) await loadKeys(letter)
      isLoaded = true
    }
  }
}
