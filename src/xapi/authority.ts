import { RalphError } from '../errors.ts'
import { identifierKeys } from './identifier.ts'
import { type Actor, type Statement, type StatementId, voids } from './statement.ts'

/**
 * Whether a statement with this Authority belongs to the other Authority too: everybody behind `other` must stand behind this one. An
 * Authority is an Agent, or a Group of an application and its user.
 */
export const isOf = (statement: Pick<Statement, 'authority'>, authority: Actor | undefined): boolean => {
  if (statement.authority === undefined || authority === undefined) return false
  const keys = new Set(identifierKeys(statement.authority))
  const others = [...identifierKeys(authority)]
  return others.length > 0 && others.every((key) => keys.has(key))
}

/**
 * Requires that each voiding statement has its target in the store or in the batch, from the same Authority. Otherwise throws `FORBIDDEN`.
 * The message does not say whether the target exists, because nobody may learn of statements that they may not read. It yields wherever it
 * may be interrupted.
 */
export function* requireOwnTargets(
  batch: readonly { readonly id: StatementId; readonly statement: Statement }[],
  statementOf: (id: StatementId) => Statement | undefined
): Generator<void, void, void> {
  const inBatch = new Map<StatementId, Statement>()
  for (const { id, statement } of batch) if (!inBatch.has(id)) inBatch.set(id, statement)
  for (const { statement } of batch) {
    yield
    const target = voids(statement)
    if (target === undefined) continue
    const present = statementOf(target) ?? inBatch.get(target)
    if (present !== undefined && isOf(present, statement.authority)) continue
    throw new RalphError(
      'FORBIDDEN',
      `A statement can be voided by the user who stored it, or with the scope all. You have not stored a statement with the id ${target}.`,
      { scope: 'all', statementId: target }
    )
  }
}

/**
 * A store keeps what the statements of one Authority say of an Activity, a Verb or an Agent separately, under this name. No IRI and no
 * identifier key begins with a bracket.
 */
export const apartKey = (authority: string, name: string): string => JSON.stringify([authority, name])
