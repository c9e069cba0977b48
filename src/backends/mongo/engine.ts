import { randomUUID } from 'node:crypto'
import type { AnyBulkWriteOperation, ObjectId } from 'mongodb'
import type { ChangedStatement, Lookup, PresentStatement, WriteBatch } from '../../storage/batching/engine.ts'
import type { Lease } from '../../storage/batching/lease.ts'
import {
  disturbed,
  type LeasedEngine,
  type LeasedSession,
  type SessionStart
} from '../../storage/batching/leased-engine.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Micros } from '../../xapi/timestamp.ts'
import { writeAttachments } from './attachments.ts'
import { writeChunks } from './chunks.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { descriptionsAt, findDescriptions, writeDescriptions, writeNames } from './descriptions.ts'
import type { DescriptionDocument, Relations, StatementDocument } from './document-types.ts'
import { refusedWrites, translateError, translating } from './errors.ts'
import { inBatches, maxWrites } from './in-batches.ts'
import { remove } from './removal.ts'
import { isLate, isTakenIn, planDocument, planRelations, readPresent } from './statement-document.ts'
import { undoLate, undoSession } from './undo.ts'

/** How error messages name the store. */
export const where = 'this collection'

export interface EngineOptions {
  readonly collections: Collections
  readonly lease: Pick<Lease, 'self'>
  /** Documents of Python Ralph that are being adopted, by the id of their statement. */
  readonly adopting: ReadonlyMap<StatementId, ObjectId>
  /** Called when documents of Python Ralph are found that are not adopted. One of them may be a statement of this batch. */
  foreign(): void
}

/** A request with more ids than this would be too large for one message. */
const maxIds = 10_000

/** Microseconds for which a change is kept apart. Readers that began before the change do not see it. */
const pendingAge = 60_000_000

const isReferrer = (ralph: StatementDocument['ralph']): ralph is Relations & { readonly target: StatementId } =>
  ralph !== undefined && 'target' in ralph

/** Writes our relations beside a document of Python Ralph. */
const adoption = ({ _id, document }: { readonly _id: ObjectId; readonly document: Relations }) => ({
  updateOne: {
    filter: { _id, 'ralph.id': null },
    update: { $set: { ralph: { ...document, adopted: true as const } } }
  }
})

/** Waits for all of them, then throws the first failure. So no write can arrive after the batch was taken back. */
const settleAll = async (writes: readonly Promise<unknown>[]): Promise<void> => {
  for (const result of await Promise.allSettled(writes)) if (result.status === 'rejected') throw result.reason
}

const findPresent = ({ statements }: Collections, ids: readonly StatementId[]) =>
  statements
    .find({ 'ralph.id': { $in: [...ids] } }, { projection: { _id: 0, ralph: 1 }, maxTimeMS: timeLimits.read })
    .toArray()

const writeOptions = { ordered: false, maxTimeMS: timeLimits.write }

/** The statements that are StatementRefs to others. Most stores have none, so it is noted whether there are any. */
interface Referrers {
  find(ids: readonly StatementId[]): Promise<Pick<StatementDocument, 'ralph'>[]>
  noteSome(): void
  /** Another process has written. */
  doubt(): void
}

const createReferrers = ({ statements }: Collections): Referrers => {
  /** Undefined: not known. */
  let areThere: boolean | undefined
  return {
    find: async (ids) => {
      const options = { projection: { _id: 0, 'ralph.id': 1, 'ralph.target': 1 }, maxTimeMS: timeLimits.read }
      areThere ??= (await statements.findOne({ 'ralph.target': { $gt: '' } }, options)) !== null
      return areThere ? statements.find({ 'ralph.target': { $in: [...ids] } }, options).toArray() : []
    },
    noteSome: () => {
      areThere = true
    },
    doubt: () => {
      if (areThere === false) areThere = undefined
    }
  }
}

/** Changes the relations of a statement, unless they are not those of `present` any more. */
const changing = (
  { id, tokens, added, voided }: ChangedStatement,
  present: Relations | undefined,
  at: Micros
): AnyBulkWriteOperation<StatementDocument> => {
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

/** Another writer may have written the statements of this batch. */
const refused = (error: unknown, foreign: () => void): unknown => {
  const doubles = refusedWrites(error).filter(({ code }) => code === 11_000)
  if (doubles.some(({ message }) => message.includes('index: _id_'))) foreign()
  return doubles.length > 0 ? disturbed(where, error) : translateError(error)
}

const createSession = (
  { collections, lease, adopting, foreign }: EngineOptions,
  referrersOf: Referrers,
  { written, undisturbed, foundLate }: SessionStart
): LeasedSession => {
  const { statements } = collections
  if (!undisturbed) referrersOf.doubt()
  const turn = `${lease.self}/${randomUUID()}`
  /** The relations as they were looked up. A change applies only to this version. */
  const relations = new Map<StatementId, Relations>()
  const descriptions = new Map<string, DescriptionDocument>()

  const lookUp = async (ids: readonly StatementId[]): Promise<Lookup> => {
    const present = new Map<StatementId, PresentStatement>()
    const referrers = new Map<StatementId, StatementId[]>()
    await inBatches(ids, maxIds, async (some) => {
      const [found, referring] = await Promise.all([findPresent(collections, some), referrersOf.find(some)])
      for (const { ralph } of found) {
        if (!isTakenIn(ralph)) continue
        if (isLate(ralph, written)) throw foundLate()
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

  const writeChanges = (changed: readonly ChangedStatement[], at: Micros): Promise<void> =>
    inBatches(changed, maxWrites, async (some) => {
      const writes = some.map((each) => changing(each, relations.get(each.id), at))
      const { matchedCount } = await statements.bulkWrite(writes, { ordered: false, maxTimeMS: timeLimits.write })
      if (matchedCount !== some.length) throw disturbed(where)
    })

  const plan = (batch: WriteBatch, at: Micros) => {
    // It throws for a statement that is too large.
    const documents = batch.statements.filter(({ id }) => !adopting.has(id)).map((each) => planDocument(each, at, turn))
    const adoptions = batch.statements.flatMap((each) => {
      const _id = adopting.get(each.id)
      return _id === undefined ? [] : [{ _id, ...planRelations(each, at, turn) }]
    })
    return { documents, adoptions }
  }

  const send = async (
    batch: WriteBatch,
    { documents, adoptions }: ReturnType<typeof plan>,
    at: Micros
  ): Promise<void> => {
    if (batch.statements.some(({ target }) => target !== undefined)) referrersOf.noteSome()
    if (batch.removal !== undefined) await remove(collections, batch.removal)
    await settleAll([
      writeChunks(
        collections,
        [...documents, ...adoptions].flatMap(({ parts }) => parts)
      ),
      inBatches(documents, maxWrites, (some) =>
        statements.insertMany(
          some.map(({ document }) => document),
          writeOptions
        )
      ),
      inBatches(adoptions, maxWrites, (some) => statements.bulkWrite(some.map(adoption), writeOptions)),
      writeChanges(batch.changed, at),
      writeAttachments(collections, batch.attachments),
      writeDescriptions(collections, batch, descriptions, written, at),
      writeNames(collections, batch.names)
    ])
  }

  return {
    lookUp: (ids) => translating(() => lookUp(ids)),
    describe: (iris) =>
      translating(async () => {
        const found = await findDescriptions(collections, iris)
        for (const [key, document] of found) descriptions.set(key, document)
        return descriptionsAt(iris, found, written)
      }),
    plan: (batch, at) => {
      const planned = plan(batch, at)
      return {
        send: () =>
          send(batch, planned, at).catch((error: unknown) => {
            throw refused(error, foreign)
          }),
        takeBack: async () => {
          const ids = batch.statements.map(({ id }) => id)
          await translating(() => undoSession(collections, turn, ids))
        }
      }
    }
  }
}

export const createEngine = (options: EngineOptions): LeasedEngine => {
  const { collections, foreign } = options
  const referrers = createReferrers(collections)
  return {
    beginSession: (start) => createSession(options, referrers, start),
    undo: async (written, made) => {
      const left = await translating(() => undoLate(collections, written, made))
      if (left > 0) foreign()
    }
  }
}
