import type { Filter } from 'mongodb'
import type { Micros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { removeParts } from './contents.ts'
import { undoDescriptions, undoNames } from './descriptions.ts'
import type { Relations, StatementDocument } from './shapes.ts'
import { isTakenIn } from './statement-document.ts'

/**
 * The relations as they were before rounds that were never committed. A round adds only tokens that were not there, so
 * those it added are its own.
 */
const before = (relations: Relations, last: Micros): Relations => {
  const { voided, pending = [], version = 0, ...rest } = relations
  const dead = new Set(pending.filter(({ at }) => at > last).flatMap(({ tokens }) => tokens))
  return {
    ...rest,
    tokens: rest.tokens.filter((token) => !dead.has(token)),
    pending: pending.filter(({ at }) => at <= last),
    version: version + 1,
    ...(voided === undefined || voided > last ? {} : { voided })
  }
}

/** Long texts of statements that are about to go. */
const removeTexts = async (collections: Collections, which: Filter<StatementDocument>): Promise<void> => {
  const long = await collections.statements
    .find(
      { ...which, 'ralph.parts': { $exists: true } },
      { projection: { 'ralph.parts': 1 }, maxTimeMS: timeLimits.read }
    )
    .toArray()
  await removeParts(
    collections,
    long.flatMap(({ ralph }) => (ralph !== undefined && 'parts' in ralph ? [ralph] : []))
  )
}

/** A document of Ralph's loses what we wrote beside it, any other goes. Returns how many are to be taken in again. */
const removeStatements = async (collections: Collections, which: Filter<StatementDocument>): Promise<number> => {
  const options = { maxTimeMS: timeLimits.write }
  await removeTexts(collections, which)
  const [, { modifiedCount }] = await Promise.all([
    collections.statements.deleteMany({ ...which, 'ralph.adopted': { $exists: false } }, options),
    collections.statements.updateMany({ ...which, 'ralph.adopted': true }, { $unset: { ralph: 1 } }, options)
  ])
  return modifiedCount
}

const undoChanges = async ({ statements }: Collections, last: Micros): Promise<void> => {
  const changed = await statements
    .find({ 'ralph.pending.at': { $gt: last } }, { projection: { ralph: 1 }, maxTimeMS: timeLimits.read })
    .toArray()
  const writes = changed.flatMap(({ _id, ralph }) =>
    isTakenIn(ralph)
      ? [
          {
            updateOne: {
              filter: { _id, 'ralph.version': ralph.version ?? null },
              update: { $set: { ralph: before(ralph, last) } }
            }
          }
        ]
      : []
  )
  if (writes.length > 0) await statements.bulkWrite(writes, { ordered: false, maxTimeMS: timeLimits.write })
}

/**
 * Takes back all that was written after `last` and never committed, by whichever process: nobody has seen it, and
 * nobody was told that it is stored. For the holder of the lease only. May be repeated.
 * Returns how many documents of Ralph's are to be taken in again.
 */
export const undoAfter = async (collections: Collections, last: Micros): Promise<number> => {
  const [left] = await Promise.all([
    removeStatements(collections, { 'ralph.stored': { $gt: last } }),
    undoDescriptions(collections, last),
    undoNames(collections, last)
  ])
  await undoChanges(collections, last)
  return left
}

/**
 * Takes back what a turn wrote after another process had taken over: that one has not looked for it. It may have been
 * seen for as long as its request was on its way too late.
 */
export const undoTurn = (collections: Collections, turn: string, ids: readonly string[]): Promise<number> =>
  removeStatements(collections, { 'ralph.id': { $in: [...ids] }, 'ralph.turn': turn })
