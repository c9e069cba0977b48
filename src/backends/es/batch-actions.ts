import { onOneLine } from '../../json/exact.ts'
import type { ChangedStatement, NewStatement, WriteBatch } from '../../storage/batching/engine.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { BulkAction } from './bulk.ts'
import type { Adoptions, Known } from './look-up.ts'
import { isStatement, type Relation, withoutRemoved } from './relations.ts'
import type { TargetIndices } from './target-indices.ts'

/** What a session knows when it writes a batch. */
export interface BatchContext {
  readonly indices: TargetIndices
  readonly known: ReadonlyMap<StatementId, Known>
  readonly adopting: Adoptions
  readonly turn: string
  /** The time of the batch. Readers do not see the batch until this time is committed. */
  readonly at: Micros
}

const storedPart = (
  { id, stored, text, tokens, target, voiding, voided }: NewStatement,
  { indices: { keys }, adopting, at }: BatchContext
): Partial<Relation> => {
  const adoption = adopting.get(id)
  return {
    id,
    stored,
    size: adoption?.size ?? Buffer.byteLength(onOneLine(text)),
    tokens: tokens.map(keys.token).concat(keys.every),
    round: at,
    ...(target === undefined ? {} : { target }),
    ...(voiding ? { voiding } : {}),
    ...(voided ? { voided, voidedAt: at } : {}),
    ...(adoption === undefined ? {} : { adopted: true }),
    ...(adoption?.restamped ? { restamped: true } : {}),
    ...(adoption === undefined || adoption.at === id ? {} : { at: adoption.at })
  }
}

const changedPart = (
  relation: Relation,
  { tokens, added, voided }: ChangedStatement,
  { indices: { keys }, at }: BatchContext
): Relation => ({
  ...relation,
  tokens: tokens.map(keys.token).concat(keys.every),
  changedAt: at,
  added: added.map(keys.token),
  addedReferrers: [],
  ...(voided && relation.voided === undefined ? { voided: true, voidedAt: at } : {})
})

const referredPart = (relation: Relation, referrer: StatementId, at: Micros): Relation => {
  const isFirst = relation.changedAt !== at
  return {
    ...relation,
    referrers: [...(relation.referrers ?? []), referrer],
    changedAt: at,
    added: isFirst ? [] : (relation.added ?? []),
    addedReferrers: isFirst ? [referrer] : [...(relation.addedReferrers ?? []), referrer]
  }
}

/** The writes to the relations: one document for each id that the batch changes. */
export const relationActions = (batch: WriteBatch, context: BatchContext): BulkAction[] => {
  const { indices, known, turn, at } = context
  const next = new Map<StatementId, Relation>()
  const removed = new Set(batch.removal?.statements.map(({ id }) => id))
  const startOf = (id: StatementId): Relation => {
    const present = known.get(id)?.relation
    const kept = present === undefined || removed.size === 0 ? present : withoutRemoved(present, removed)
    return next.get(id) ?? { ...kept, space: indices.space.prefix, turn }
  }
  // What is removed, and what it referred to. Each is written once, whatever else is to be said of it.
  for (const { id, target } of batch.removal?.statements ?? []) {
    next.set(id, startOf(id))
    if (target !== undefined && known.has(target)) next.set(target, startOf(target))
  }
  for (const each of batch.changed) next.set(each.id, changedPart(startOf(each.id), each, context))
  for (const each of batch.statements) next.set(each.id, { ...startOf(each.id), ...storedPart(each, context) })
  for (const { id, target } of batch.statements) {
    if (target !== undefined) next.set(target, referredPart(startOf(target), id, at))
  }
  return [...next].map(([id, relation]) => ({
    index: indices.relations,
    id: indices.keys.statement(id),
    // Nothing is left of it.
    ...(isStatement(relation) || relation.referrers !== undefined ? { source: JSON.stringify(relation) } : {}),
    expects: known.get(id)?.version ?? 'nothing'
  }))
}

/** The writes to the index of Python Ralph. The documents that are adopted are there already. */
export const textActions = ({ statements, removal }: WriteBatch, { indices, adopting }: BatchContext): BulkAction[] => {
  const rewritten = new Set(removal?.statements.map(({ id }) => id))
  return (
    statements
      .filter(({ id }) => !adopting.has(id))
      // A line of a bulk request must not contain a line feed.
      .map(({ id, text }) => ({
        index: indices.statements,
        id,
        source: onOneLine(text),
        expects: rewritten.has(id) ? 'anything' : 'nothing'
      }))
  )
}
