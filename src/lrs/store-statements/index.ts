import type { AttachmentContent } from '../../contracts/statement-store.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { parseSent, readStatement, readStatements } from './read.ts'
import { rejectDuplicateIds } from './reject-duplicate-ids.ts'
import { requireId } from './require-id.ts'
import { type StorageReport, store } from './store.ts'
import { invalidStatements, requireValid, validateStatements, validateValue } from './validate.ts'

/** The body of POST or PUT /statements. */
export interface SentStatements {
  /** JSON text, UTF-8: one statement or an array of them. */
  readonly json: Uint8Array
  /** The attachments. Their bytes have been compared with their digests. */
  readonly attachments: readonly AttachmentContent[]
}

/** Stores all statements of a request, or none (Communication §2.1.2). */
export const storeStatements = async (call: Call, sent: SentStatements): Promise<StorageReport> => {
  const valid = await validateStatements(await readStatements(sent.json, call.rules), sent.json, call.version)
  rejectDuplicateIds(valid)
  return store(call, valid, sent.attachments)
}

/** Stores the one statement of a PUT under the id in the request (Communication §2.1.1). */
export const storeStatement = async (call: Call, id: StatementId, sent: SentStatements): Promise<StorageReport> => {
  const only = await readStatement(sent.json, call.rules)
  const { excess } = only
  if (excess !== undefined) throw invalidStatements([excess.problem], excess)
  const value = parseSent(only, sent.json)
  requireId(value, id)
  const judgement = await validateValue({ ...only, idOfRequest: id }, value, call.version)
  return store(call, requireValid([judgement]), sent.attachments)
}
