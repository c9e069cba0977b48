import type { Statement } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { leanTermsOf } from './compact-terms.ts'
import type { Connection } from './connect.ts'
import { idOfBytes } from './id-bytes.ts'
import type { IndexTables } from './index-tables.ts'
import type { References } from './references.ts'
import type { TermIds } from './term-ids.ts'

export interface RecalledTables {
  readonly connection: Connection
  readonly termIds: TermIds
  readonly index: IndexTables
  readonly references: References
}

/** Indexes the statements that were indexed only in memory when the process ended. These are never more than a few. */
export const recallIndex = ({ connection, termIds, index, references }: RecalledTables): void => {
  const statements = connection.prepare<[stored: Micros, id: Uint8Array, text: string]>(
    'SELECT stored, id, text FROM statement WHERE stored > ? ORDER BY stored'
  )
  // Inherited terms are known only by their numbers. All these numbers are reserved before any term is looked up, so none is taken for a
  // free number.
  const recalled = statements.all(index.indexed()).map(([stored, id, text]) => {
    const inherited = references.inheritedBy(stored)
    for (const term of inherited) termIds.reserve(term)
    return { stored, id, text, inherited }
  })
  for (const { stored, id, text, inherited } of recalled) {
    // It was validated before it was stored.
    const own = leanTermsOf(JSON.parse(text) as Statement).map(termIds.idOf)
    index.add(idOfBytes(id), stored, [...own, ...inherited])
  }
  index.settle()
  termIds.settle()
}
