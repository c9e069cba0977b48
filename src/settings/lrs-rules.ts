import { parseTrustedKeys } from '../xapi/signature.ts'
import type { ServerSettings } from './settings.ts'

/** What the settings of the server decide about the LRS, apart from any door to it: `LrsRules` (lrs/call.ts). */
export const lrsRulesOf = (settings: ServerSettings) => ({
  maxSearchHits: settings.maxSearchHits,
  maxStatements: settings.maxStatements,
  maxStatementSize: settings.maxStatementSize,
  maxStatementKeys: settings.maxStatementKeys,
  maxStatementDepth: settings.maxStatementDepth,
  maxInheritedTerms: settings.maxInheritedTerms,
  maxDocumentSize: settings.maxBodySize,
  maxDocumentKeys: settings.maxDocumentKeys,
  restrictByAuthority: settings.restrictByAuthority,
  restrictByScopes: settings.restrictByScopes,
  ignoreUnknownParameters: settings.ignoreUnknownParameters,
  trustedKeys: settings.signatureKeys === undefined ? [] : parseTrustedKeys(settings.signatureKeys)
})
