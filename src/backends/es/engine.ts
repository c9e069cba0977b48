import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { RalphError } from '../../errors.ts'
import type { Lookup, NewStatement, PresentStatement, Round, RoundEngine, Turn } from '../../rounds/engine.ts'
import { isLost, type Lease } from '../../rounds/lease.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { writeAttachments } from './attachments.ts'
import { type Action, bulk, type RefusedAction } from './bulk.ts'
import {
  type DescriptionDocument,
  descriptionIn,
  descriptionsAt,
  descriptionsWanted,
  writeDescriptions,
  writeNames
} from './descriptions.ts'
import { type DocumentVersion, multiGet } from './multi-get.ts'
import { isStatement, lineOf, presentOf, type Relation } from './relations.ts'
import type { Tables } from './tables.ts'
import { asStoreError, isTimeout } from './translate-error.ts'
import { undoAfter, undoTexts, undoTurn } from './undo.ts'

/** A document of Ralph's index that is being taken in as a statement. */
export interface Adoption {
  /** Its id in the index. */
  readonly at: string
  /** Bytes of its text there. */
  readonly size: number
  readonly restamped: boolean
}

export interface EngineOptions {
  readonly tables: Tables
  readonly lease: Lease
  /** Milliseconds for which a request that was given up may still wait to be carried out. */
  readonly lateness: number
  /** All up to `last` is written. */
  passed(last: Micros): void
  /** By the id of the statement. */
  readonly adopting: ReadonlyMap<StatementId, Adoption>
}

/** A request with more ids than this would be too large. */
const maxIds = 5000

/** Of a statement that somebody has deleted from Ralph's index: its id stays taken, and no other statement equals it. */
const lostText = '{"actor":{},"verb":{"id":""},"object":{}}'

interface Known {
  readonly relation: Relation
  readonly version: DocumentVersion
}

/** Whether statements of Ralph's must be taken in before this can be written, and which. */
export const foreignIn = (error: unknown): readonly StatementId[] | undefined =>
  error instanceof RalphError && Array.isArray(error.details.foreign) ? error.details.foreign : undefined

/** Somebody else has written what this turn had looked up. */
const disturbed = (): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'somebody else writes to this index, too: send the request again', {
    retryAfter: 1
  })

const foreign = (ids: readonly StatementId[]): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'Ralph has written to this index meanwhile: send the request again', {
    retryAfter: 1,
    foreign: ids
  })

const isContentRefusal = (error: unknown): boolean =>
  error instanceof RalphError && (error.code === 'INVALID_STATEMENT' || error.code === 'BODY_TOO_LARGE')

/** Elasticsearch refuses what a statement says. */
const refused = ({ action, refusal }: RefusedAction): RalphError => {
  const message = `Elasticsearch refuses the statement ${action.id}: ${refusal.reason}`
  return new RalphError('INVALID_STATEMENT', message, { statementId: action.id })
}

/**
 * Writes rounds without transactions: one process at a time (the lease), and unseen by all readers, which look no
 * further than the `last` of the lease, until that is moved, as the round's last act. A round that does not come so
 * far is taken back by whoever is next. Ids are the lock behind that: nothing is written over what was not looked up.
 */
export const createEngine = ({
  tables,
  lease,
  lateness,
  adopting,
  passed
}: EngineOptions): RoundEngine & { close(): Promise<void> } => {
  const { connection, statements, relations, keys, space } = tables
  /** Something may be there that was never committed. What a process before this one has left is found, too. */
  let isDoubtful = true
  /** What this process has written since, and nobody knows whether it is there. */
  let attempted: NewStatement[] = []
  /** A write whose answer did not come may still happen until then, by the monotonic clock. */
  let settled = Number.NEGATIVE_INFINITY

  const settle = (): void => {
    isDoubtful = false
    attempted = []
  }

  const undo = async (last: Micros): Promise<void> => {
    const left = settled - performance.now()
    if (left > 0) await setTimeout(left)
    await undoAfter(tables, last, lease.requireHeld)
    await undoTexts(tables, attempted, lease.requireHeld)
    settle()
  }

  const createTurn = (last: Micros, undisturbed: boolean): Turn => {
    /** Elasticsearch has answered all that was asked: what is to be undone can be undone now. */
    let isRefused = false
    const turn = randomUUID()
    const known = new Map<StatementId, Known>()
    const descriptions = new Map<string, DescriptionDocument>()

    const lookUpSome = async (ids: readonly StatementId[], into: Map<StatementId, PresentStatement>): Promise<void> => {
      const wanted = ids.flatMap((id) => [
        { index: relations, id: keys.statement(id) },
        { index: statements, id: adopting.get(id)?.at ?? id }
      ])
      const got = await multiGet(connection, wanted)
      const unknown: StatementId[] = []
      const elsewhere: Relation[] = []
      for (const [at, id] of ids.entries()) {
        const [relationGot, textGot] = [got[at * 2], got[at * 2 + 1]]
        // Nobody else writes there.
        const relation =
          relationGot?.source === undefined ? undefined : (JSON.parse(relationGot.source.toString()) as Relation)
        if (relation !== undefined && relationGot?.version !== undefined) {
          known.set(id, { relation, version: relationGot.version })
        }
        if (!isStatement(relation)) {
          if (textGot?.source !== undefined && !adopting.has(id)) unknown.push(id)
        } else if (relation.at !== undefined) elsewhere.push(relation)
        else into.set(id, presentOf(relation, textGot?.source?.toString() ?? lostText, keys))
      }
      if (unknown.length > 0) throw foreign(unknown)
      await lookUpElsewhere(elsewhere.filter(isStatement), into)
    }

    const lookUpElsewhere = async (
      found: readonly (Relation & { readonly id: StatementId; readonly at?: string })[],
      into: Map<StatementId, PresentStatement>
    ): Promise<void> => {
      const wanted = found.map(({ id, at = id }) => ({ index: statements, id: at }))
      for (const [at, { source }] of (await multiGet(connection, wanted)).entries()) {
        const relation = found[at]
        if (isStatement(relation)) {
          into.set(relation.id, presentOf(relation, source?.toString() ?? lostText, keys))
        }
      }
    }

    const lookUp = async (ids: readonly StatementId[]): Promise<Lookup> => {
      const present = new Map<StatementId, PresentStatement>()
      for (let start = 0; start < ids.length; start += maxIds) {
        await lookUpSome(ids.slice(start, start + maxIds), present)
      }
      const referrers = new Map<StatementId, readonly StatementId[]>()
      for (const id of ids) {
        const all = known.get(id)?.relation.referrers
        if (all !== undefined) referrers.set(id, all)
      }
      return { present, referrers }
    }

    /** What is written to the relations: one document for each id that the round says something of. */
    const relationsOf = (round: Round, at: Micros): Action[] => {
      const next = new Map<StatementId, Relation>()
      const startOf = (id: StatementId): Relation =>
        next.get(id) ?? { ...known.get(id)?.relation, space: space.prefix, turn }

      for (const { id, tokens, added, voided } of round.changed) {
        const relation = startOf(id)
        const isVoidedNow = voided && relation.voided === undefined
        next.set(id, {
          ...relation,
          tokens: tokens.map(keys.token).concat(keys.every),
          changedAt: at,
          added: added.map(keys.token),
          addedReferrers: [],
          ...(isVoidedNow ? { voided: true, voidedAt: at } : {})
        })
      }
      for (const each of round.statements) next.set(each.id, { ...startOf(each.id), ...partOf(each, at) })
      for (const { id, target } of round.statements) {
        if (target === undefined) continue
        const { added = [], addedReferrers = [], changedAt, referrers = [], ...relation } = startOf(target)
        const isFirst = changedAt !== at
        next.set(target, {
          ...relation,
          referrers: [...referrers, id],
          changedAt: at,
          added: isFirst ? [] : added,
          addedReferrers: isFirst ? [id] : [...addedReferrers, id]
        })
      }
      return [...next].map(([id, relation]) => ({
        index: relations,
        id: keys.statement(id),
        source: JSON.stringify(relation),
        expects: known.get(id)?.version ?? 'nothing'
      }))
    }

    const partOf = (
      { id, stored, text, tokens, target, voiding, voided }: NewStatement,
      round: Micros
    ): Partial<Relation> => {
      const adoption = adopting.get(id)
      return {
        id,
        stored,
        size: adoption?.size ?? Buffer.byteLength(lineOf(text)),
        tokens: tokens.map(keys.token).concat(keys.every),
        round,
        ...(target === undefined ? {} : { target }),
        ...(voiding ? { voiding } : {}),
        ...(voided ? { voided, voidedAt: round } : {}),
        ...(adoption === undefined ? {} : { adopted: true }),
        ...(adoption?.restamped ? { restamped: true } : {}),
        ...(adoption === undefined || adoption.at === id ? {} : { at: adoption.at })
      }
    }

    const textsOf = (round: Round): Action[] =>
      round.statements
        .filter(({ id }) => !adopting.has(id))
        .map(({ id, text }) => ({ index: statements, id, source: lineOf(text), expects: 'nothing' }))

    const require = (refusedActions: readonly RefusedAction[]): void => {
      for (const each of refusedActions) {
        const known = asStoreError(each.refusal)
        if (known !== undefined) throw known
        if (each.refusal.status !== 409) throw refused(each)
      }
      if (refusedActions.length > 0) throw disturbed()
    }

    /** What is there already is the same. */
    const isThere = ({ refusal }: RefusedAction): boolean => refusal.status === 409

    const writeRound = async (round: Round, at: Micros): Promise<void> => {
      const beside = [
        ...writeAttachments(tables, round.attachments),
        ...writeNames(tables, round.names, at),
        ...writeDescriptions(tables, round, descriptions, { last, round: at })
      ]
      // The relations before the texts: of a request that is cut off in the middle no text is left without a relation.
      const actions = [...beside, ...relationsOf(round, at), ...textsOf(round)]
      const query = tables.refresh === undefined ? {} : { refresh: tables.refresh }
      const refusedActions = await bulk(connection, actions, { before: lease.requireHeld, query })
      const tolerated = new Set<Action>(beside)
      require(refusedActions.filter((each) => !(isThere(each) && tolerated.has(each.action))))
    }

    const write = async (round: Round): Promise<void> => {
      // Also where statements keep the `stored` of another store: each round has a time of its own.
      const at = Math.max(round.last, last + 1)
      lease.requireHeld()
      isDoubtful = true
      attempted.push(...round.statements.filter(({ id }) => !adopting.has(id)))
      await writeRound(round, at)
      try {
        await lease.commit(at)
      } catch (error) {
        if (isLost(error)) {
          const ids = new Set(round.statements.flatMap(({ id, target = id }) => [id, target]))
          for (const { id } of round.changed) ids.add(id)
          await undoTurn(tables, turn, [...ids], last)
        }
        throw error
      }
      settle()
      passed(at)
    }

    return {
      last,
      undisturbed,
      unfinished: [],
      lookUp,
      describe: async (iris) => {
        const wanted = descriptionsWanted(tables, iris)
        const got = await multiGet(connection, wanted)
        for (const each of got) {
          const description = descriptionIn(each)
          if (description !== undefined) descriptions.set(each.id, description)
        }
        return descriptionsAt(iris, got, last)
      },
      write: async (round) => {
        try {
          await write(round)
        } catch (error) {
          isRefused = isContentRefusal(error)
          if (isTimeout(error)) settled = performance.now() + lateness
          throw error
        }
      },
      end: async () => {
        // Else whoever is next undoes it.
        if (isDoubtful && isRefused) await undo(last).catch(() => {})
        if (isDoubtful) lease.abandon()
        else {
          await lease.pause().catch(() => {
            // Whoever is next finds it unchanged for too long and takes it.
          })
        }
      }
    }
  }

  return {
    begin: async () => {
      const { last, undisturbed, seized } = await lease.acquire()
      if (seized || isDoubtful) {
        isDoubtful = true
        await undo(last).catch((error: unknown) => {
          lease.abandon()
          throw error
        })
      }
      return createTurn(last, undisturbed)
    },
    close: async () => {
      if (isDoubtful) lease.abandon()
      else {
        await lease.release().catch(() => {
          // As after a pause.
        })
      }
    }
  }
}
