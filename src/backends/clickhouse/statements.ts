import type { CallOptions, StoredStatement } from '../../contracts/statement-store.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { bytesOfId, keyOfId, ofItself } from './keys.ts'
import type { ReadContext } from './look-up.ts'
import type { WriterProgress } from './progress.ts'

/** `StatementStore.find`. */
export const findStatement = async (
  { connection, tables, store }: ReadContext,
  { visible, hasVoided }: WriterProgress,
  id: StatementId,
  wanted: { readonly voided: boolean },
  options: CallOptions = {}
): Promise<StoredStatement | undefined> => {
  const place = `SELECT stored, id FROM ${tables.entry}
    WHERE store = {store:UInt32} AND key = toFixedString(unhex({key:String}), 17) AND round <= {visible:Int64}`
  const voided = hasVoided
    ? `(stored, id) IN (
        SELECT stored, id FROM ${tables.change}
        WHERE store = {store:UInt32} AND (stored, id) IN (${place}) AND voided = 1 AND round <= {visible:Int64})`
    : '0'
  const rows = await connection.read(
    `SELECT stored, text FROM ${tables.statement}
     WHERE store = {store:UInt32} AND (stored, id) IN (${place}) AND (${voided}) = {voided:UInt8}`,
    { store, visible, key: keyOfId(ofItself, bytesOfId(id)).toString('hex'), voided: Number(wanted.voided) },
    options
  )
  return rows.more() ? { id, stored: rows.i64(), text: rows.text() } : undefined
}
