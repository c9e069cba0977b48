import type {
  AttachmentContent,
  IncomingStatement,
  InsertReport,
  StatementBatch,
  StoredStatement
} from '../../contracts/statement-store.ts'
import type { Rewriting } from '../../contracts/store-rewriting.ts'
import type { IncreasingClock } from '../../durability/increasing-clock.ts'
import { RalphError } from '../../errors.ts'
import { isThere } from '../../storage/known-statements.ts'
import { marksOf } from '../../xapi/attachments.ts'
import { requireOwnTargets } from '../../xapi/authority.ts'
import { type Statement, type StatementId, targetOf, voids } from '../../xapi/statement.ts'
import { formatMicros, type Micros } from '../../xapi/timestamp.ts'
import type { Yielding } from '../../xapi/yielding.ts'
import type { AttachmentTable } from './attachments.ts'
import { leanTermsOf } from './compact-terms.ts'
import type { Connection } from './connect.ts'
import type { DescriptionTables } from './descriptions.ts'
import { bytesOfId } from './id-bytes.ts'
import type { IndexTables } from './index-tables.ts'
import type { References } from './references.ts'
import type { StatementRevision } from './revision.ts'
import { createRewrite } from './rewrite.ts'
import type { TermIds } from './term-ids.ts'

/** The tables that a batch is written to, all in the open transaction. */
export interface InsertTables {
  readonly connection: Connection
  readonly times: IncreasingClock
  readonly termIds: TermIds
  readonly index: IndexTables
  readonly references: References
  readonly attachments: AttachmentTable
  readonly descriptions: DescriptionTables
  readonly revision: StatementRevision
}

/**
 * Writes a batch. Throws `STATEMENT_CONFLICT` when another statement has the id, and `FORBIDDEN` if `ownOnly` forbids it. For a single
 * statement this is checked before anything is changed.
 */
export interface Insert {
  insert(batch: StatementBatch): Yielding<InsertReport>
  /** `StoreCopy.restoreStatements`. */
  restore(statements: readonly StoredStatement[], attachments: readonly AttachmentContent[]): Yielding<InsertReport>
  /** `StoreRewriting.rewrite`. False: one of the statements is indexed only in memory, and nothing was changed. */
  rewrite(rewriting: Rewriting): Yielding<boolean>
}

const createPresent = (connection: Connection, index: Pick<IndexTables, 'find'>) => {
  const textOf = connection.prepare<[text: string]>('SELECT text FROM statement WHERE stored = ?')

  /** It was validated before it was stored. */
  const statementAt = (stored: Micros): Statement => JSON.parse(textOf.get(stored)?.[0] ?? 'null')

  const statementOf = (id: StatementId): Statement | undefined => {
    const stored = index.find(id)
    return stored === undefined ? undefined : statementAt(stored)
  }

  /** `stored` is the key of the table. If another store has several statements with the same time, they get consecutive times. */
  const freeFrom = (stored: Micros): Micros => {
    let free = stored
    while (textOf.get(free) !== undefined) free += 1
    return free
  }

  return { statementAt, statementOf, freeFrom }
}

export const createInsert = (tables: InsertTables): Insert => {
  const { connection, times, termIds, index, references, attachments, descriptions, revision } = tables
  const { statementAt, statementOf, freeFrom } = createPresent(connection, index)
  const insertStatement = connection.prepare(
    'INSERT INTO statement (stored, id, voided, voiding, text) VALUES (?, ?, ?, ?, ?)'
  )
  const voidStatement = connection.prepare('UPDATE statement SET voided = 1 WHERE stored = ? AND voiding = 0')

  const refuseAnother = ({ id, statement }: IncomingStatement, present: Micros, ownOnly: boolean): void => {
    if (isThere(statementAt(present), statement, ownOnly)) return
    throw new RalphError('STATEMENT_CONFLICT', `another statement has the id ${id}`, { statementId: id })
  }

  const voidTarget = (id: StatementId): void => {
    const target = index.find(id)
    if (target !== undefined) voidStatement.run(target)
  }

  /** Writes a statement that does not exist yet. */
  const write = function* (
    incoming: IncomingStatement,
    stored: Micros,
    { define, apart = false, inheritance }: Pick<StatementBatch, 'define' | 'apart' | 'inheritance'>
  ): Yielding<void> {
    const { id, statement } = incoming
    const voidedId = voids(statement)
    const voided = voidedId === undefined && references.isVoided(id)
    const text = incoming.textAt(formatMicros(stored))
    insertStatement.run(stored, bytesOfId(id), Number(voided), voidedId === undefined ? 0 : 1, text)
    if (voidedId !== undefined) voidTarget(voidedId)
    index.add(id, stored, leanTermsOf(statement).map(termIds.idOf))
    const linking = references.link({ id, stored, statement, target: targetOf(statement), inheritance })
    if (linking) yield* linking
    if (define) {
      descriptions.learn(statement, stored, apart)
      const relieving = descriptions.relieve()
      if (relieving) yield* relieving
    }
    for (const mark of marksOf([incoming])) yield* attachments.add(mark)
    yield
  }

  const attach = function* (contents: readonly AttachmentContent[]): Yielding<void> {
    for (const attachment of contents) {
      yield* attachments.add(attachment)
      yield
    }
  }

  const again = function* ({ id, stored, text }: StoredStatement, define: boolean): Yielding<void> {
    // A statement that was stored was validated before.
    const statement = JSON.parse(text) as Statement
    yield* write({ id, statement, textAt: () => text }, freeFrom(stored), { define })
    times.passed(stored)
  }

  return {
    rewrite: createRewrite(tables, { statementAt, again }),
    insert: function* (batch) {
      const { statements, attachments: contents, ownOnly = false } = batch
      batch.inheritance?.begin()
      if (ownOnly) yield* requireOwnTargets(statements, statementOf)
      revision.outdate()
      const inserted: StatementId[] = []
      const already: StatementId[] = []
      for (const incoming of statements) {
        const present = index.find(incoming.id)
        if (present === undefined) {
          yield* write(incoming, times.next(), batch)
          inserted.push(incoming.id)
        } else {
          refuseAnother(incoming, present, ownOnly)
          already.push(incoming.id)
          yield
        }
      }
      yield* attach(contents)
      return { inserted, already }
    },
    restore: function* (restored, contents) {
      revision.outdate()
      const inserted: StatementId[] = []
      const already: StatementId[] = []
      for (const each of restored) {
        const { id } = each
        if (index.find(id) !== undefined) {
          already.push(id)
          yield
          continue
        }
        yield* again(each, true)
        inserted.push(id)
      }
      yield* attach(contents)
      return { inserted, already }
    }
  }
}
