import type { StoreCopy } from '../../contracts/store-copy.ts'
import type { BatchedWriter } from '../../storage/batching/batched-writer.ts'
import { fitting } from '../../xapi/filters.ts'
import type { Documents } from './documents.ts'
import { bytesOfId, idLength, idOfBytes } from './keys.ts'
import type { ReadContext } from './look-up.ts'
import type { WriterProgress } from './progress.ts'

/** Statements whose sizes are read before their texts. */
const most = 1000

export const createCopy = (
  { connection, tables, store }: ReadContext,
  progress: WriterProgress,
  restore: BatchedWriter['restore'],
  documents: Documents
): StoreCopy => ({
  statements: async (after, limit, options = {}) => {
    const following = `store = {store:UInt32} AND round <= {visible:Int64} AND stored >= {after:Int64}
      AND (stored > {after:Int64} OR id > toFixedString(unhex({afterId:String}), 16))`
    const parameters = {
      store,
      visible: progress.visible,
      after: after?.stored ?? Number.MIN_SAFE_INTEGER,
      afterId: after === undefined ? '' : bytesOfId(after.id).toString('hex')
    }
    const order = 'ORDER BY store, stored, id LIMIT {limit:UInt32}'
    const wanted = Math.min(limit, most)
    const sizes = await connection.read(
      `SELECT size FROM ${tables.statement} WHERE ${following} ${order}`,
      { ...parameters, limit: wanted + 1 },
      options
    )
    const lengths: number[] = []
    while (sizes.more()) lengths.push(sizes.u32())
    if (lengths.length === 0) return { statements: [], more: false }
    const count = fitting(lengths.slice(0, wanted))
    const rows = await connection.read(
      `SELECT stored, id, text FROM ${tables.statement} WHERE ${following} ${order}`,
      { ...parameters, limit: count },
      options
    )
    const statements = []
    while (rows.more()) {
      statements.push({ stored: rows.i64(), id: idOfBytes(rows.fixed(idLength)), text: rows.text() })
    }
    return { statements, more: count < lengths.length }
  },
  restoreStatements: restore,
  documents: documents.all,
  restoreDocuments: documents.restore
})
