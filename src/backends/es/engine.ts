import { randomUUID } from 'node:crypto'
import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import type { BatchEngine, NewStatement, WriteBatch, WriteSession } from '../../storage/batching/engine.ts'
import { isLost, type Lease } from '../../storage/batching/lease.ts'
import { oldGaps, type Written } from '../../storage/batching/written.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { writeAttachments } from './attachments.ts'
import { relationActions, textActions } from './batch-actions.ts'
import { type Action, bulk, type RefusedAction } from './bulk.ts'
import {
  descriptionIn,
  descriptionsAt,
  descriptionsWanted,
  type KnownDescription,
  writeDescriptions,
  writeNames
} from './descriptions.ts'
import { asStoreError } from './errors.ts'
import { type Adoptions, createLookUp } from './look-up.ts'
import { multiGet } from './multi-get.ts'
import type { Tables } from './tables.ts'
import { undoLate, undoSession, undoTexts } from './undo.ts'

export interface EngineOptions {
  readonly tables: Tables
  readonly lease: Lease
  readonly clock: Clock
  /** All up to `last` is written. */
  passed(last: Micros): void
  readonly adopting: Adoptions
  /** Nobody has ever written to the target. */
  readonly isNew: boolean
}

/** Somebody else has written what this turn had looked up. */
const disturbed = (): RalphError =>
  new RalphError('STORE_UNAVAILABLE', 'somebody else writes to this index, too: send the request again', {
    retryAfter: 1
  })

const isContentRefusal = (error: unknown): boolean =>
  error instanceof RalphError && (error.code === 'INVALID_STATEMENT' || error.code === 'BODY_TOO_LARGE')

/** Elasticsearch refuses what a statement says. */
const refused = ({ action, refusal }: RefusedAction): RalphError => {
  const message = `Elasticsearch refuses the statement ${action.id}: ${refusal.reason}`
  return new RalphError('INVALID_STATEMENT', message, { statementId: action.id })
}

/** Throws for the first of them. */
const requireNone = (refusals: readonly RefusedAction[]): void => {
  const [first] = refusals
  if (first === undefined) return
  for (const each of refusals) {
    const error = asStoreError(each.refusal)
    if (error !== undefined) throw error
  }
  throw refusals.every(isThere) ? disturbed() : refused(refusals.find((each) => !isThere(each)) ?? first)
}

const isThere = ({ refusal }: RefusedAction): boolean => refusal.status === 409

/**
 * Writes batches without transactions: one process at a time (the lease), and unseen by all readers, which look no
 * further than the `last` of the lease, until that is moved, as the batch's last act. A batch that does not come so
 * far is taken back by whoever is next. Ids are the lock behind that: nothing is written over what was not looked up.
 */
export const createEngine = ({
  tables,
  lease,
  clock,
  adopting,
  isNew,
  passed
}: EngineOptions): BatchEngine & { close(): Promise<void> } => {
  /** Something may be there that was never committed. What a process before this one has left is found, too. */
  let isDoubtful = !isNew
  /** What this process has written since, and nobody knows whether it is there. */
  let attempted: NewStatement[] = []

  const settle = (): void => {
    isDoubtful = false
    attempted = []
  }

  const undo = async (written: Written): Promise<void> => {
    await undoLate(tables, written, lease.requireHeld)
    await undoTexts(tables, attempted, lease.requireHeld)
    settle()
  }

  const createWriteSession = (written: Written, undisturbed: boolean): WriteSession => {
    const { last } = written
    /** Elasticsearch has answered all that was asked: what is to be undone can be undone now. */
    let isRefused = false
    const turn = randomUUID()
    const { known, lookUp } = createLookUp(tables, adopting, written, () => {
      isDoubtful = true
      return disturbed()
    })
    const descriptions = new Map<string, KnownDescription>()

    const writeBatch = async (batch: WriteBatch, at: Micros): Promise<void> => {
      const context = { tables, known, adopting, turn, at }
      const beside = [...writeAttachments(tables, batch.attachments), ...writeNames(tables, batch.names, at)]
      const described = writeDescriptions(tables, batch, descriptions, { written, round: at })
      // The relations before the texts: of a request that is cut off in the middle no text is left without a relation.
      const actions = [...beside, ...described, ...relationActions(batch, context), ...textActions(batch, context)]
      const query = tables.refresh === undefined ? {} : { refresh: tables.refresh }
      const refusals = await bulk(tables.connection, actions, { before: lease.requireHeld, query })
      // What is there already of attachments and names is the same.
      const mayBeThere = new Set<Action>(beside)
      requireNone(refusals.filter((each) => !(isThere(each) && mayBeThere.has(each.action))))
    }

    const write = async (batch: WriteBatch): Promise<void> => {
      // Also where statements keep the `stored` of another store: each batch has a time of its own.
      const at = Math.max(batch.last, last + 1)
      await lease.reach(at)
      isDoubtful = true
      attempted.push(...batch.statements.filter(({ id }) => !adopting.has(id)))
      await writeBatch(batch, at)
      try {
        await lease.commit(at)
      } catch (error) {
        if (isLost(error)) {
          const ids = new Set(batch.statements.flatMap(({ id, target = id }) => [id, target]))
          for (const { id } of batch.changed) ids.add(id)
          await undoSession(tables, turn, [...ids], written)
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
        const got = await multiGet(tables.connection, wanted)
        for (const each of got) {
          const document = descriptionIn(each)
          if (document !== undefined && each.version !== undefined) {
            descriptions.set(each.id, { document, version: each.version })
          }
        }
        return descriptionsAt(iris, got, written)
      },
      write: async (batch) => {
        try {
          await write(batch)
        } catch (error) {
          isRefused = isContentRefusal(error)
          throw error
        }
      },
      end: async () => {
        // Else whoever is next undoes it.
        if (isDoubtful && isRefused) await undo(written).catch(() => {})
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
      const { undisturbed, seized, made: _, ...written } = await lease.acquire()
      const old = oldGaps(written, clock())
      if (seized || isDoubtful || old.length > 0) {
        isDoubtful = true
        await undo(written).catch((error: unknown) => {
          lease.abandon()
          throw error
        })
      }
      lease.forget(old)
      return createWriteSession(written, undisturbed)
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
