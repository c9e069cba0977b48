import type { Filter } from 'mongodb'
import { type Gap, isWritten, type Written } from '../../storage/batching/written.ts'
import { removeChunks } from './chunks.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { undoDescriptions, undoNames } from './descriptions.ts'
import type { Relations, StatementDocument } from './document-types.ts'
import { isOfGap, notWritten } from './find-plan.ts'
import { isTakenIn } from './statement-document.ts'

/**
 * The relations without the changes of batches that were never committed. A batch adds only new tokens, so its added tokens can be removed.
 */
const before = (relations: Relations, written: Written): Relations => {
  const { voided, pending = [], version = 0, ...rest } = relations
  const dead = new Set(pending.filter(({ at }) => !isWritten(at, written)).flatMap(({ tokens }) => tokens))
  return {
    ...rest,
    tokens: rest.tokens.filter((token) => !dead.has(token)),
    pending: pending.filter(({ at }) => isWritten(at, written)),
    version: version + 1,
    ...(voided === undefined || !isWritten(voided, written) ? {} : { voided })
  }
}

/** Removes the long texts of statements that are about to be removed. */
const removeTexts = async (collections: Collections, which: Filter<StatementDocument>): Promise<void> => {
  const long = await collections.statements
    .find(
      { ...which, 'ralph.parts': { $exists: true } },
      { projection: { 'ralph.parts': 1 }, maxTimeMS: timeLimits.read }
    )
    .toArray()
  await removeChunks(
    collections,
    long.flatMap(({ ralph }) => (ralph !== undefined && 'parts' in ralph ? [ralph] : []))
  )
}

/**
 * A document of Python Ralph loses only our relations. Any other document is removed. Returns the number of documents to be adopted again.
 */
const removeStatements = async (collections: Collections, which: Filter<StatementDocument>): Promise<number> => {
  const options = { maxTimeMS: timeLimits.write }
  await removeTexts(collections, which)
  const [, { modifiedCount }] = await Promise.all([
    collections.statements.deleteMany({ ...which, 'ralph.adopted': { $exists: false } }, options),
    collections.statements.updateMany({ ...which, 'ralph.adopted': true }, { $unset: { ralph: 1 } }, options)
  ])
  return modifiedCount
}

const undoChanges = async ({ statements }: Collections, written: Written): Promise<void> => {
  const late = { $or: notWritten(written).map((at) => ({ 'ralph.pending': { $elemMatch: { at } } })) }
  const changed = await statements.find(late, { projection: { ralph: 1 }, maxTimeMS: timeLimits.read }).toArray()
  const writes = changed.flatMap(({ _id, ralph }) =>
    isTakenIn(ralph)
      ? [
          {
            updateOne: {
              filter: { _id, 'ralph.version': ralph.version ?? null },
              update: { $set: { ralph: before(ralph, written) } }
            }
          }
        ]
      : []
  )
  if (writes.length > 0) await statements.bulkWrite(writes, { ordered: false, maxTimeMS: timeLimits.write })
}

/**
 * Takes back everything that was written but never committed, by any process. No reader has seen it, and no client was told that it is
 * stored. Only the holder of the lease may call this. It may be repeated. `made` is a new gap. Documents of an older version do not name
 * their process. Returns the number of documents of Python Ralph to be adopted again.
 */
export const undoLate = async (collections: Collections, written: Written, made: Gap | undefined): Promise<number> => {
  const late = [
    { 'ralph.stored': { $gt: written.last } },
    ...written.gaps.map(isOfGap),
    ...(made === undefined ? [] : [{ 'ralph.stored': { $gt: made.after, $lte: made.through } }])
  ]
  const left = await Promise.all([
    ...late.map((which) => removeStatements(collections, which)),
    undoDescriptions(collections, written).then(() => 0),
    undoNames(collections, written, made).then(() => 0)
  ])
  await undoChanges(collections, written)
  return left.reduce((sum, each) => sum + each, 0)
}

/**
 * Takes back what a session wrote after another process took over the lease. That process has not looked for it, and no reader has seen it.
 */
export const undoSession = (collections: Collections, turn: string, ids: readonly string[]): Promise<number> =>
  removeStatements(collections, { 'ralph.id': { $in: [...ids] }, 'ralph.turn': turn })
