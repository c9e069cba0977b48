import type { Micros } from '../../xapi/timestamp.ts'
import type { Collections } from './collections.ts'
import { timeLimits } from './connect.ts'
import { undoDescriptions, undoNames } from './descriptions.ts'
import type { Relations } from './statement-document.ts'

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

const isWhole = (relations: object | undefined): relations is Relations =>
  relations !== undefined && 'stored' in relations

const undoChanges = async ({ statements }: Collections, last: Micros): Promise<void> => {
  const changed = await statements
    .find({ 'ralph.pending.at': { $gt: last } }, { projection: { ralph: 1 }, maxTimeMS: timeLimits.read })
    .toArray()
  const writes = changed.flatMap(({ _id, ralph }) =>
    isWhole(ralph)
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
 */
export const undoAfter = async (collections: Collections, last: Micros): Promise<void> => {
  const { statements } = collections
  const options = { maxTimeMS: timeLimits.write }
  const late = { 'ralph.stored': { $gt: last } }
  await Promise.all([
    statements.deleteMany({ ...late, 'ralph.adopted': { $exists: false } }, options),
    statements.updateMany({ ...late, 'ralph.adopted': true }, { $unset: { ralph: 1 } }, options),
    undoDescriptions(collections, last),
    undoNames(collections, last)
  ])
  await undoChanges(collections, last)
}

/**
 * Takes back what a turn wrote after another process had taken over: that one has not looked for it. It may have been
 * seen for as long as its request was on its way too late.
 */
export const undoTurn = async ({ statements }: Collections, turn: string, ids: readonly string[]): Promise<void> => {
  const options = { maxTimeMS: timeLimits.write }
  const own = { 'ralph.id': { $in: [...ids] }, 'ralph.turn': turn }
  await Promise.all([
    statements.deleteMany({ ...own, 'ralph.adopted': { $exists: false } }, options),
    statements.updateMany({ ...own, 'ralph.adopted': true }, { $unset: { ralph: 1 } }, options)
  ])
}
