import { setImmediate } from 'node:timers/promises'
import type { CallOptions, StoredStatement } from '../../contracts/statement-store.ts'
import type { Rewriting, StoreRewriting } from '../../contracts/store-rewriting.ts'
import type { JobOptions } from '../../storage/batching/group-commit.ts'
import { type Statement, type StatementId, targetOf } from '../../xapi/statement.ts'
import type { Term } from '../../xapi/terms.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { AttachmentTable } from './attachments.ts'
import { leanTermsOf } from './compact-terms.ts'
import type { Connection } from './connect.ts'
import type { DescriptionTables } from './descriptions.ts'
import type { IndexTables } from './index-tables.ts'
import type { References } from './references.ts'
import type { StatementRevision } from './revision.ts'
import type { TermIds } from './term-ids.ts'

/** The tables that a statement is removed from, all in the open transaction. */
interface RewrittenTables {
  readonly connection: Connection
  readonly termIds: TermIds
  readonly index: IndexTables
  readonly references: References
  readonly attachments: AttachmentTable
  readonly descriptions: DescriptionTables
  readonly revision: StatementRevision
}

interface Storing {
  statementAt(stored: Micros): Statement
  /** Stores a statement that was stored before. */
  again(statement: StoredStatement, define: boolean): Yielding<void>
}

/** `StoreRewriting.rewrite`. False: one of the statements is indexed only in memory, and nothing was changed. */
export const createRewrite = (
  { connection, termIds, index, references, attachments, descriptions, revision }: RewrittenTables,
  { statementAt, again }: Storing
) => {
  const removeStatement = connection.prepare('DELETE FROM statement WHERE stored = ?')

  /** Returns the terms that it had. */
  const remove = (id: StatementId, stored: Micros): readonly Term[] => {
    const statement = statementAt(stored)
    const own = leanTermsOf(statement)
    const known = own.flatMap((term) => termIds.find(term) ?? [])
    index.remove(id, stored, [...known, ...references.inheritedBy(stored)])
    references.remove(stored, targetOf(statement))
    removeStatement.run(stored)
    return own
  }

  const removeUnused = (term: Term): void => {
    const number = termIds.find(term)
    if (number !== undefined && !index.isUsed(number) && !references.isInherited(number)) termIds.remove(term)
  }

  return function* ({ removed, rewritten, attachments: sha2s, ...known }: Rewriting): Yielding<boolean> {
    const ids = [...removed, ...rewritten.map(({ id }) => id)]
    const places = ids.flatMap((id) => {
      const stored = index.find(id)
      return stored === undefined ? [] : [{ id, stored }]
    })
    if (places.some(({ stored }) => stored > index.indexed())) return false
    revision.outdate()
    const terms = new Set<Term>()
    for (const { id, stored } of places) {
      for (const term of remove(id, stored)) terms.add(term)
      yield
    }
    for (const each of rewritten) yield* again(each, false)
    for (const term of terms) {
      removeUnused(term)
      yield
    }
    for (const sha2 of sha2s) yield* attachments.remove(sha2)
    descriptions.forget(known)
    return true
  }
}

/** What the store does for its rewriting. */
interface RewritingParts {
  readonly connection: Connection
  readonly index: Pick<IndexTables, 'moveOnce'>
  rewrite(wanted: Rewriting): Yielding<boolean>
  write(job: () => void): Promise<void>
  writeInSteps<T>(job: () => Yielding<T>, options: JobOptions): Promise<T>
  read<T>(work: () => T, options?: CallOptions): Promise<T>
}

export const createRewriting = ({
  connection,
  index,
  rewrite,
  write,
  writeInSteps,
  read
}: RewritingParts): StoreRewriting => ({
  rewrite: async (wanted, { signal } = {}) => {
    while (!(await writeInSteps(() => rewrite(wanted), { signal }))) await write(index.moveOnce)
  },
  purge: async (options) => {
    const vacuum = (): boolean => {
      if (connection.inTransaction()) return false
      connection.vacuum()
      return true
    }
    while (!(await read(vacuum, options))) await setImmediate()
    return []
  }
})
