import type { IncomingStatement, InsertReport, StatementBatch } from '../../contracts/statement-store.ts'
import { RalphError } from '../../errors.ts'
import { sameStatement } from '../../xapi/equivalence.ts'
import { type Statement, type StatementId, targetOf, voids } from '../../xapi/statement.ts'
import { inheritableTerms, ownTerms } from '../../xapi/terms.ts'
import { formatMicros, type Micros } from '../../xapi/timestamp.ts'
import type { AttachmentTable } from './attachments.ts'
import type { Connection } from './connect.ts'
import type { DescriptionTables } from './descriptions.ts'
import type { Entries } from './entries.ts'
import { bytesOfId } from './id-bytes.ts'
import { leanTerms } from './lean-terms.ts'
import type { References } from './references.ts'
import type { Sequence } from './sequence.ts'
import type { TermIds } from './term-ids.ts'

/** What a batch is written to, all in the transaction that is open. */
export interface Tables {
  readonly connection: Connection
  readonly sequence: Sequence
  readonly termIds: TermIds
  readonly entries: Entries
  readonly references: References
  readonly attachments: AttachmentTable
  readonly descriptions: DescriptionTables
}

/**
 * Writes a batch; `STATEMENT_CONFLICT` when an id is taken by another statement. With a single statement that is
 * found out before anything is changed.
 */
export const createInsert = (tables: Tables): ((batch: StatementBatch) => InsertReport) => {
  const { connection, sequence, termIds, entries, references, attachments, descriptions } = tables
  const insertStatement = connection.prepare(
    'INSERT INTO statement (stored, id, voided, voiding, text) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING'
  )
  const textOf = connection.prepare<[text: string]>('SELECT text FROM statement WHERE id = ?')
  const voidStatement = connection.prepare('UPDATE statement SET voided = 1 WHERE id = ? AND voiding = 0')

  const refuseAnother = ({ id, statement }: IncomingStatement, idBytes: Uint8Array): void => {
    // It was validated before it was stored.
    const present = JSON.parse(textOf.get(idBytes)?.[0] ?? 'null') as Statement
    if (sameStatement(present, statement)) return
    throw new RalphError('STATEMENT_CONFLICT', `another statement has the id ${id}`, { statementId: id })
  }

  const writeTerms = (statement: Statement, stored: Micros): void => {
    const own = ownTerms(statement)
    for (const term of leanTerms(inheritableTerms(statement), own)) entries.add(termIds.idOf(term), stored)
    for (const term of own) entries.add(termIds.idOf(term), stored)
  }

  /** Returns whether the statement was not there. */
  const write = (incoming: IncomingStatement, define: boolean): boolean => {
    const { id, statement } = incoming
    const idBytes = bytesOfId(id)
    const voidedId = voids(statement)
    const voided = voidedId === undefined && references.isVoided(idBytes)
    const stored = sequence.next()
    const text = incoming.textAt(formatMicros(stored))
    if (insertStatement.run(stored, idBytes, Number(voided), voidedId === undefined ? 0 : 1, text) === 0) {
      refuseAnother(incoming, idBytes)
      return false
    }
    if (voidedId !== undefined) voidStatement.run(bytesOfId(voidedId))
    writeTerms(statement, stored)
    const target = targetOf(statement)
    references.link({
      id: idBytes,
      stored,
      terms: () => leanTerms(inheritableTerms(statement)),
      target: target === undefined ? undefined : bytesOfId(target)
    })
    if (define) descriptions.learn(statement, stored)
    return true
  }

  return (batch) => {
    const inserted: StatementId[] = []
    const already: StatementId[] = []
    for (const incoming of batch.statements) (write(incoming, batch.define) ? inserted : already).push(incoming.id)
    for (const attachment of batch.attachments) attachments.add(attachment)
    return { inserted, already }
  }
}
