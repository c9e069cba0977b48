import type { PresentStatement } from '../../storage/batching/engine.ts'
import { isWritten, type Written } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Keys } from './keys.ts'

/**
 * The data beside a statement, under its id: what it is found by, and which statements refer to it. An id may have a relation before
 * its statement exists, when other statements refer to it. The statement itself is in the index of Python Ralph, as it was sent.
 *
 * There are no transactions, and there may be several servers. So every change names its batch, by the `last` of the batch. Readers
 * look no further than the last committed batch, and they can undo the changes of a later one.
 */
export interface Relation extends Partial<StatementPart> {
  /** The prefix of the target. */
  readonly space: string
  readonly referrers?: readonly StatementId[]
  /** The batch that changed it last, after it was stored. */
  readonly changedAt?: Micros
  /** What that batch added to `tokens` and to `referrers`. */
  readonly added?: readonly string[]
  readonly addedReferrers?: readonly StatementId[]
  /** The session that wrote this last. A session belongs to one process. */
  readonly turn: string
}

export interface StatementPart {
  readonly id: StatementId
  readonly stored: Micros
  /** The size of its text, in bytes. */
  readonly size: number
  /** With the prefix of the target. */
  readonly tokens: readonly string[]
  readonly round: Micros
  readonly target?: StatementId
  readonly voiding?: true
  readonly voided?: true
  readonly voidedAt?: Micros
  /** Its id in the index of Python Ralph, if that is another one. */
  readonly at?: string
  /** Python Ralph wrote it: its text lacks `stored` or `timestamp`, or has another `stored`. */
  readonly restamped?: true
  /** Python Ralph wrote it: the text must stay even if the relation is removed. */
  readonly adopted?: true
}

export type StatementRelation = Relation & StatementPart

export const isStatement = (relation: Relation | undefined): relation is StatementRelation =>
  relation?.stored !== undefined

/** Whether readers see it, and in which state. */
export const statusAt = (relation: Relation | undefined, written: Written): 'absent' | 'voided' | 'valid' => {
  if (!isStatement(relation) || !isWritten(relation.round, written)) return 'absent'
  return relation.voidedAt !== undefined && isWritten(relation.voidedAt, written) ? 'voided' : 'valid'
}

/** Whether it contains a change that does not count: it arrived too late for the next writer to take it back. */
export const isLate = ({ round = 0, changedAt = 0 }: Relation, written: Written): boolean =>
  !isWritten(round, written) || !isWritten(changedAt, written)

/** The relation without the statement, if it is removed, and without removed referrers. */
export const withoutRemoved = (relation: Relation, removed: ReadonlySet<StatementId>): Relation => {
  const referrers = (relation.referrers ?? []).filter((each) => !removed.has(each))
  const referring = referrers.length === 0 ? {} : { referrers }
  const { addedReferrers: _added, referrers: _all, ...rest } = relation
  if (isStatement(relation) && !removed.has(relation.id)) return { ...rest, ...referring }
  return { space: relation.space, turn: relation.turn, ...referring }
}

/** In the form that the storage room uses. */
export const presentOf = (relation: StatementRelation, text: string, { tokenIn, every }: Keys): PresentStatement => ({
  id: relation.id,
  stored: relation.stored,
  text,
  tokens: relation.tokens.filter((key) => key !== every).map(tokenIn),
  target: relation.target,
  voiding: relation.voiding === true,
  voided: relation.voided === true
})

/** The relation without the changes of a batch that was never committed. Undefined: it did not exist before. */
export const before = (relation: Relation, written: Written): Relation | undefined => {
  const { changedAt, added = [], addedReferrers = [], ...kept } = relation
  const isChanged = changedAt !== undefined && !isWritten(changedAt, written)
  const lateReferrers = new Set(isChanged ? addedReferrers : [])
  const referrers = relation.referrers?.filter((each) => !lateReferrers.has(each)) ?? []
  const referring = referrers.length === 0 ? {} : { referrers }
  if (!isStatement(relation) || !isWritten(relation.round, written)) {
    return referrers.length === 0 ? undefined : { space: relation.space, turn: relation.turn, ...referring }
  }
  if (!isChanged) return relation
  const lateTokens = new Set(added)
  const { voided, voidedAt, referrers: _, ...rest } = kept
  const isVoided = voidedAt !== undefined && isWritten(voidedAt, written)
  return {
    ...rest,
    tokens: relation.tokens.filter((token) => !lateTokens.has(token)),
    ...referring,
    ...(isVoided ? { voided: true, voidedAt } : {})
  }
}
