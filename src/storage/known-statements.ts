import { RalphError } from '../errors.ts'
import { isOf, requireOwnTargets } from '../xapi/authority.ts'
import { sameStatement } from '../xapi/equivalence.ts'
import type { Statement, StatementId } from '../xapi/statement.ts'

/**
 * Whether the stored statement with the same id is the same statement, for a principal that may know (`ownOnly` as in `StatementBatch`).
 */
export const isThere = (present: Statement, next: Statement, ownOnly: boolean): boolean =>
  sameStatement(present, next) && (!ownOnly || isOf(present, next.authority))

/**
 * Separates the new statements of a batch from those that are stored already (Data §2.3.1). Throws `STATEMENT_CONFLICT` if an id belongs to
 * another statement; then nothing of the batch may be stored. `ownOnly` is as in `StatementBatch`. It yields wherever it may be
 * interrupted.
 */
export function* separateKnown<One extends { readonly id: StatementId; readonly statement: Statement }>(
  batch: readonly One[],
  statementOf: (id: StatementId) => Statement | undefined,
  ownOnly = false
): Generator<void, { readonly fresh: readonly One[]; readonly already: readonly StatementId[] }, void> {
  if (ownOnly) yield* requireOwnTargets(batch, statementOf)
  const fresh = new Map<StatementId, One>()
  const already: StatementId[] = []
  for (const one of batch) {
    yield
    const present = fresh.get(one.id)?.statement ?? statementOf(one.id)
    if (present === undefined) fresh.set(one.id, one)
    else if (isThere(present, one.statement, ownOnly)) already.push(one.id)
    else {
      throw new RalphError('STATEMENT_CONFLICT', `Another statement has the id ${one.id}.`, { statementId: one.id })
    }
  }
  return { fresh: [...fresh.values()], already }
}
