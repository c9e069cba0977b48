import type { AttachmentContent, Inheritance, InsertReport } from '../../contracts/statement-store.ts'
import { allows } from '../../identity/principal.ts'
import { requireAttachments } from '../../xapi/attachments.ts'
import { verifySignatures } from '../../xapi/signature.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { requireWithinBound } from '../bound.ts'
import type { Call } from '../call.ts'
import { writesOwnOnly } from '../restriction.ts'
import { mapYielding } from '../yielding.ts'
import { boundInheritance } from './inheritance.ts'
import { keepLatest } from './long.ts'
import { type LatestPrepared, prepareStatement } from './prepare.ts'
import type { ValidStatement } from './validate.ts'

export interface StorageReport {
  /** The ids of all statements, stored now or earlier, in the order of the batch. */
  readonly ids: readonly StatementId[]
  readonly inserted: InsertReport['inserted']
}

/** The last steps for valid statements with different ids, until they are durable; all or none. */
export const store = async (
  call: Call,
  valid: readonly ValidStatement[],
  attachments: readonly AttachmentContent[],
  inheritance: Inheritance = boundInheritance(call.rules.maxInheritedTerms)()
): Promise<StorageReport> => {
  const statements = valid.map(({ statement }) => statement)
  for (const statement of statements) requireWithinBound(call, statement)
  // Their indexes are consecutive, both for a whole request and for a single statement.
  const firstIndex = valid[0]?.index ?? 0
  requireAttachments(statements, attachments, firstIndex)
  const { trustedKeys, maxStatementSize } = call.rules
  const signatureRules = { trustedKeys, maxStatementSize, version: call.version, firstIndex }
  await verifySignatures(statements, attachments, signatureRules)
  const parts = new Set(attachments.map(({ sha2 }) => sha2.toLowerCase()))
  const latest: LatestPrepared = keepLatest()
  const incoming = await mapYielding(valid, (each) => prepareStatement(each, call, parts, latest))
  const define = !call.rules.restrictByScopes || allows(call.principal, 'define')
  // Not aborted when the client hangs up: a request that arrived completely is stored.
  const report = await call.store.statements.insert({
    statements: incoming,
    attachments,
    define,
    apart: call.rules.restrictByAuthority,
    ownOnly: writesOwnOnly(call),
    inheritance
  })
  return { ids: incoming.map(({ id }) => id), inserted: report.inserted }
}
