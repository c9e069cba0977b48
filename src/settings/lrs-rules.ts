import { parseTrustedKeys } from '../xapi/signature.ts'
import type { ServerSettings } from './settings.ts'

/** The settings of the server for the LRS itself, independent of any door: `LrsRules` (lrs/call.ts). */
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
