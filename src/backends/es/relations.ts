import type { PresentStatement } from '../../storage/batching/engine.ts'
import { isWritten, type Written } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Keys } from './keys.ts'

/**
 * What is kept beside a statement, under its id: what it is found by, and who refers to it; also of an id to which
 * statements refer before it is there. The statement itself is in Ralph's index, as it was sent.
 *
 * Without transactions, and with several servers, a batch is unseen until it is whole because every change says in
 * which batch it was made, told by the `last` of that batch: readers look no further than the last batch that was
 * committed. What a later one has changed of a statement they can undo.
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
  /** Bytes of its text. */
  readonly size: number
  /** With the prefix of the target. */
  readonly tokens: readonly string[]
  readonly round: Micros
  readonly target?: StatementId
  readonly voiding?: true
  readonly voided?: true
  readonly voidedAt?: Micros
  /** Its id in Ralph's index where that is another one. */
  readonly at?: string
  /** Ralph wrote it: its text lacks `stored` or `timestamp`, or has another `stored`. */
  readonly restamped?: true
  /** Ralph wrote it: it stays where it is whatever becomes of this. */
  readonly adopted?: true
}

export type StatementRelation = Relation & StatementPart

export const isStatement = (relation: Relation | undefined): relation is StatementRelation =>
  relation?.stored !== undefined

/** Whether readers see it, and as what. */
export const statusAt = (relation: Relation | undefined, written: Written): 'absent' | 'voided' | 'valid' => {
  if (!isStatement(relation) || !isWritten(relation.round, written)) return 'absent'
  return relation.voidedAt !== undefined && isWritten(relation.voidedAt, written) ? 'voided' : 'valid'
}

/** Whether it says something that does not count: it arrived too late to be taken back by who came next. */
export const isLate = ({ round = 0, changedAt = 0 }: Relation, written: Written): boolean =>
  !isWritten(round, written) || !isWritten(changedAt, written)

/** As the core knows it. */
export const presentOf = (relation: StatementRelation, text: string, { tokenIn, every }: Keys): PresentStatement => ({
  id: relation.id,
  stored: relation.stored,
  text,
  tokens: relation.tokens.filter((key) => key !== every).map(tokenIn),
  target: relation.target,
  voiding: relation.voiding === true,
  voided: relation.voided === true
})

/** As it was before a batch that was never committed; undefined: it was not there. */
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
