import { randomUUID } from 'node:crypto'
import type { ObjectId } from 'mongodb'
import type { Clock } from '../../contracts/clock.ts'
import { RalphError } from '../../errors.ts'
import type {
  BatchEngine,
  ChangedStatement,
  Lookup,
  PresentStatement,
  WriteBatch,
  WriteSession
} from '../../storage/batching/engine.ts'
import { isLost, type Lease } from '../../storage/batching/lease.ts'
import { oldGaps, type Written } from '../../storage/batching/written.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { writeAttachments } from './attachments.ts'
import { inChunks, maxWrites } from './chunks.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { writeParts } from './contents.ts'
import { descriptionsAt, findDescriptions, writeDescriptions, writeNames } from './descriptions.ts'
import type { DescriptionDocument, Relations, StatementDocument } from './document-types.ts'
import { refusedWrites, translateError, translating } from './errors.ts'
import type { Snapshots } from './snapshots.ts'
import { isLate, isTakenIn, planDocument, planRelations, readPresent } from './statement-document.ts'
import { undoLate, undoSession } from './undo.ts'

export interface EngineOptions {
  readonly collections: Collections
  readonly lease: Lease
  readonly snapshots: Snapshots
  readonly clock: Clock
  /** Documents of Ralph's that are being taken in, by the id of their statement. */
  readonly adopting: ReadonlyMap<StatementId, ObjectId>
  /** There are documents of Ralph's that are not taken in, one of them perhaps a statement that was to be written. */
  foreign(): void
}

/** A request with more ids than this would be too large a message. */
const maxIds = 10_000

/** Microseconds for which a change stays unseen by those whose read began before it. */
const pendingAge = 60_000_000

const isReferrer = (ralph: StatementDocument['ralph']): ralph is Relations & { readonly target: StatementId } =>
  ralph !== undefined && 'target' in ralph

/** Writes our relations beside a document of Ralph's. */
const adoption = ({ _id, document }: { readonly _id: ObjectId; readonly document: Relations }) => ({
  updateOne: {
    filter: { _id, 'ralph.id': null },
    update: { $set: { ralph: { ...document, adopted: true as const } } }
  }
})

/** All of them, whether or not one fails, then the first failure: nothing may arrive after it was taken back. */
const settleAll = async (writes: readonly Promise<unknown>[]): Promise<void> => {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason
}

/**
 * Writes batches without transactions, which a server that stands alone does not have: one process at a time (the
 * lease), and unseen by all readers, which look no further than the `last` of the lease, until that is moved, as the
 * batch's last act. A batch that does not come so far is taken back by whoever is next.
 */
export const createEngine = (options: EngineOptions): BatchEngine & { close(): Promise<void> } => {
  const { collections, lease, snapshots, clock, adopting, foreign } = options
  const { statements } = collections
  /** Something may be there that was never committed. What a process before this one has left is found, too. */
  let isDoubtful = true

  const findPresent = (ids: readonly StatementId[]) =>
    statements
      .find({ 'ralph.id': { $in: [...ids] } }, { projection: { _id: 0, ralph: 1 }, maxTimeMS: timeLimits.read })
      .toArray()

  /** Whether there is any statement with a target; undefined: not known. Most stores have none. */
  let hasReferrers: boolean | undefined

  const findReferrers = async (ids: readonly StatementId[]) => {
    const options = { projection: { _id: 0, 'ralph.id': 1, 'ralph.target': 1 }, maxTimeMS: timeLimits.read }
    hasReferrers ??= (await statements.findOne({ 'ralph.target': { $gt: '' } }, options)) !== null
    return hasReferrers ? statements.find({ 'ralph.target': { $in: [...ids] } }, options).toArray() : []
  }

  const createWriteSession = (written: Written, undisturbed: boolean): WriteSession => {
    const { last } = written
    const turn = `${lease.self}/${randomUUID()}`
    /** As they were looked up: a change is made to these, and nothing else. */
    const relations = new Map<StatementId, Relations>()
    const descriptions = new Map<string, DescriptionDocument>()

    const lookUp = async (ids: readonly StatementId[]): Promise<Lookup> => {
      const present = new Map<StatementId, PresentStatement>()
      const referrers = new Map<StatementId, StatementId[]>()
      await inChunks(ids, maxIds, async (some) => {
        const [found, referring] = await Promise.all([findPresent(some), findReferrers(some)])
        for (const { ralph } of found) {
          if (!isTakenIn(ralph)) continue
          if (isLate(ralph, written)) {
            isDoubtful = true
            throw disturbed()
          }
          relations.set(ralph.id, ralph)
          present.set(ralph.id, await readPresent(collections, ralph))
        }
        for (const { ralph } of referring) {
          if (!isReferrer(ralph)) continue
          const others = referrers.get(ralph.target)
          if (others === undefined) referrers.set(ralph.target, [ralph.id])
          else others.push(ralph.id)
        }
      })
      return { present, referrers }
    }

    const change = ({ id, tokens, added, voided }: ChangedStatement, at: Micros) => {
      const present = relations.get(id)
      const recent = (present?.pending ?? []).filter((each) => each.at > at - pendingAge)
      return {
        updateOne: {
          filter: { 'ralph.id': id, 'ralph.version': present?.version ?? null },
          update: {
            $set: {
              'ralph.tokens': tokens,
              'ralph.pending': [...recent, { at, tokens: added }],
              'ralph.version': (present?.version ?? 0) + 1,
              ...(voided && present?.voided === undefined ? { 'ralph.voided': at } : {})
            }
          }
        }
      }
    }

    const writeChanges = (changed: readonly ChangedStatement[], at: Micros): Promise<void> =>
      inChunks(changed, maxWrites, async (some) => {
        const writes = some.map((each) => change(each, at))
        const { matchedCount } = await statements.bulkWrite(writes, { ordered: false, maxTimeMS: timeLimits.write })
        if (matchedCount !== some.length) throw disturbed()
      })

    const writeStatements = async (batch: WriteBatch): Promise<void> => {
      // Throws for a statement that is too large before anything is written.
      const documents = batch.statements
        .filter(({ id }) => !adopting.has(id))
        .map((each) => planDocument(each, batch.last, turn))
      const adoptions = batch.statements.flatMap((each) => {
        const _id = adopting.get(each.id)
        return _id === undefined ? [] : [{ _id, ...planRelations(each, batch.last, turn) }]
      })
      // Planning may have taken its time.
      await lease.requireHeld()
      await lease.reach(batch.last)
      isDoubtful = true
      if (batch.statements.some(({ target }) => target !== undefined)) hasReferrers = true
      const writeOptions = { ordered: false, maxTimeMS: timeLimits.write }
      await settleAll([
        writeParts(
          collections,
          [...documents, ...adoptions].flatMap(({ parts }) => parts)
        ),
        inChunks(documents, maxWrites, (some) =>
          statements.insertMany(
            some.map(({ document }) => document),
            writeOptions
          )
        ),
        inChunks(adoptions, maxWrites, (some) => statements.bulkWrite(some.map(adoption), writeOptions)),
        writeChanges(batch.changed, batch.last),
        writeAttachments(collections, batch.attachments),
        writeDescriptions(collections, batch, descriptions, written, batch.last),
        writeNames(collections, batch.names)
      ])
    }

    /** Another process holds the lease, or did. */
    const takeBack = async (batch: WriteBatch): Promise<void> => {
      await undoSession(
        collections,
        turn,
        batch.statements.map(({ id }) => id)
      )
    }

    const write = async (batch: WriteBatch): Promise<void> => {
      await writeStatements(batch)
      try {
        await lease.commit(batch.last)
      } catch (error) {
        if (isLost(error)) await takeBack(batch)
        throw error
      }
      isDoubtful = false
      snapshots.passed(batch.last)
    }

    return {
      last,
      undisturbed,
      unfinished: [],
      lookUp: (ids) => translating(() => lookUp(ids)),
      describe: (iris) =>
        translating(async () => {
          const found = await findDescriptions(collections, iris)
          for (const [key, document] of found) descriptions.set(key, document)
          return descriptionsAt(iris, found, written)
        }),
      write: async (batch) => {
        try {
          await write(batch)
        } catch (error) {
          const refused = refusedWrites(error).filter(({ code }) => code === 11_000)
          if (refused.some(({ message }) => message.includes('index: _id_'))) foreign()
          throw refused.length > 0 ? disturbed(error) : translateError(error)
        }
      },
      end: async () => {
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
      const { undisturbed, seized, made, ...written } = await lease.acquire()
      const old = oldGaps(written, clock())
      if (seized || isDoubtful || old.length > 0) {
        isDoubtful = true
        const left = await translating(() => undoLate(collections, written, made)).catch((error: unknown) => {
          lease.abandon()
          throw error
        })
        isDoubtful = false
        if (left > 0) foreign()
      }
      lease.forget(old)
      snapshots.passed(written.last)
      if (!undisturbed && hasReferrers === false) hasReferrers = undefined
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

/** Somebody else has written what this turn had looked up: it does not hold the lease any more. */
const disturbed = (cause?: unknown): RalphError => {
  const message = 'somebody else writes to this collection, too: send the request again'
  return new RalphError('STORE_UNAVAILABLE', message, { retryAfter: 1 }, { cause })
}
