import type { AttachmentContent, InsertReport } from '../../contracts/statement-store.ts'
import { allows } from '../../identity/asker.ts'
import { requireAttachments } from '../../xapi/attachments.ts'
import { verifySignatures } from '../../xapi/signature.ts'
import type { StatementId } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { prepareStatement } from './prepare.ts'
import { readStatement, readStatements, type SentStatement } from './read.ts'
import { rejectDuplicateIds } from './reject-duplicate-ids.ts'
import { requireId } from './require-id.ts'
import { validateStatements } from './validate.ts'

/** What POST and PUT /statements brought. */
export interface SentStatements {
  /** JSON text, UTF-8: one statement or an array of them. */
  readonly json: Uint8Array
  /** The parts behind it, their bytes already compared with the digests they claim. */
  readonly attachments: readonly AttachmentContent[]
}

export interface StorageReport {
  /** Ids of all statements, stored now or before, in the order of the batch. */
  readonly ids: readonly StatementId[]
  readonly inserted: InsertReport['inserted']
}

/** Stores all statements of a request or none (C 2.1.2). */
export const storeStatements = async (call: Call, sent: SentStatements): Promise<StorageReport> =>
  store(call, readStatements(sent.json), sent.attachments)

/** Stores the one statement of a PUT under the id that the request names (C 2.1.1). */
export const storeStatement = async (call: Call, id: StatementId, sent: SentStatements): Promise<StorageReport> =>
  store(call, [requireId(readStatement(sent.json), id)], sent.attachments)

/** The steps that lead from text to what is durable, in their order. */
export const store = async (
  call: Call,
  sent: readonly SentStatement[],
  attachments: readonly AttachmentContent[]
): Promise<StorageReport> => {
  const validated = validateStatements(sent, call.version)
  rejectDuplicateIds(validated)
  const statements = validated.map(({ statement }) => statement)
  // Their positions follow each other: all that was sent, or one of it.
  const first = validated[0]?.index ?? 0
  requireAttachments(statements, attachments, first)
  await verifySignatures(statements, attachments, { trustedKeys: call.rules.trustedKeys, version: call.version, first })
  const incoming = validated.map((each) => prepareStatement(each, call))
  const define = !call.rules.restrictByScopes || allows(call.asker, 'define')
  // Not called off when the client hangs up: what has arrived whole is stored, whoever waits for the answer.
  const report = await call.store.statements.insert({ statements: incoming, attachments, define })
  return { ids: incoming.map(({ id }) => id), inserted: report.inserted }
}
