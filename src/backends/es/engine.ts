import { randomUUID } from 'node:crypto'
import { RalphError } from '../../errors.ts'
import type { NewStatement, WriteBatch } from '../../storage/batching/engine.ts'
import type { Lease } from '../../storage/batching/lease.ts'
import {
  disturbed,
  type LeasedEngine,
  type LeasedSession,
  type SessionStart
} from '../../storage/batching/leased-engine.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { writeAttachments } from './attachments.ts'
import { relationActions, textActions } from './batch-actions.ts'
import { type BulkAction, bulk, type RefusedBulkAction } from './bulk.ts'
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
import { remove } from './removal.ts'
import type { TargetIndices } from './target-indices.ts'
import { undoLate, undoSession, undoTexts } from './undo.ts'

/** How error messages name the store. */
export const where = 'this index'

export interface EngineOptions {
  readonly indices: TargetIndices
  readonly lease: Pick<Lease, 'requireHeld'>
  readonly adopting: Adoptions
}

const isContentRefusal = (error: unknown): boolean =>
  error instanceof RalphError && (error.code === 'INVALID_STATEMENT' || error.code === 'BODY_TOO_LARGE')

/** Elasticsearch refuses the content of a statement. */
const refused = ({ action, refusal }: RefusedBulkAction): RalphError => {
  const message = `Elasticsearch refuses the statement ${action.id}: ${refusal.reason}`
  return new RalphError('INVALID_STATEMENT', message, { statementId: action.id })
}

/** Throws an error for the first refusal. */
const requireNone = (refusals: readonly RefusedBulkAction[]): void => {
  const [first] = refusals
  if (first === undefined) return
  for (const each of refusals) {
    const error = asStoreError(each.refusal)
    if (error !== undefined) throw error
  }
  throw refusals.every(isThere) ? disturbed(where) : refused(refusals.find((each) => !isThere(each)) ?? first)
}

const isThere = ({ refusal }: RefusedBulkAction): boolean => refusal.status === 409

/** The ids protect against a writer that has lost the lease: it never overwrites a document that it has not looked up. */
export const createEngine = ({ indices, lease, adopting }: EngineOptions): LeasedEngine => {
  /** Statements that this process has written since the last commit. It is not known whether they are stored. */
  let attempted: NewStatement[] = []

  const beginSession = ({ written, foundLate }: SessionStart): LeasedSession => {
    const turn = randomUUID()
    const { known, lookUp } = createLookUp(indices, adopting, written, foundLate)
    const descriptions = new Map<string, KnownDescription>()

    const send = async (batch: WriteBatch, at: Micros): Promise<void> => {
      attempted.push(...batch.statements.filter(({ id }) => !adopting.has(id)))
      const context = { indices, known, adopting, turn, at }
      const beside = [...writeAttachments(indices, batch.attachments), ...writeNames(indices, batch.names, at)]
      const described = writeDescriptions(indices, batch, descriptions, { written, round: at })
      // The relations come before the texts. If a request is cut off in the middle, no text is left without a relation.
      const actions = [...beside, ...described, ...relationActions(batch, context), ...textActions(batch, context)]
      const query = indices.refresh === undefined ? {} : { refresh: indices.refresh }
      const refusals = await bulk(indices.connection, actions, { before: lease.requireHeld, query })
      // Attachments and names that exist already are the same.
      const mayBeThere = new Set<BulkAction>(beside)
      requireNone(refusals.filter((each) => !(isThere(each) && mayBeThere.has(each.action))))
      if (batch.removal !== undefined) await remove({ indices, known, requireHeld: lease.requireHeld }, batch)
    }

    return {
      lookUp,
      describe: async (iris) => {
        const wanted = descriptionsWanted(indices, iris)
        const got = await multiGet(indices.connection, wanted)
        for (const each of got) {
          const document = descriptionIn(each)
          if (document !== undefined && each.version !== undefined) {
            descriptions.set(each.id, { document, version: each.version })
          }
        }
        return descriptionsAt(iris, got, written)
      },
      plan: (batch, at) => ({
        send: () => send(batch, at),
        committed: () => {
          attempted = []
        },
        takeBack: () => {
          const ids = new Set(batch.statements.flatMap(({ id, target = id }) => [id, target]))
          for (const { id } of batch.changed) ids.add(id)
          return undoSession(indices, turn, [...ids], written)
        }
      })
    }
  }

  return {
    beginSession,
    undo: async (written) => {
      await undoLate(indices, written, lease.requireHeld)
      await undoTexts(indices, attempted, lease.requireHeld)
      attempted = []
    },
    hasRefused: isContentRefusal
  }
}
