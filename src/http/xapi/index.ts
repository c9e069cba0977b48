import { about } from '../../lrs/about.ts'
import type { LrsRules } from '../../lrs/call.ts'
import type { ServerSettings } from '../../settings/settings.ts'
import { parseTrustedKeys } from '../../xapi/signature.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { readBodies } from './bodies.ts'
import { promiseNothing } from './consistency.ts'
import type { Door } from './resource.ts'
import { refuseMethod, xapiRoutes } from './routes.ts'
import { sandboxStored } from './stored-content.ts'

const rulesOf = (settings: ServerSettings): LrsRules => ({
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

const doorOf = ({ settings, publicPath, rejected }: HttpContext): Door => ({
  moreLink: (cursor) => `${publicPath}/xAPI/statements?more=${cursor}`,
  partialSuccessDefault: settings.partialSuccessDefault,
  limits: settings,
  rejected
})

/** The resources of xAPI. */
export const xapi: HttpPlugin = {
  name: 'xapi',
  prefix: '/xAPI',
  addHeaders: promiseNothing,
  refuseMethod,
  register: (server, context) => {
    server.decorateRequest('version', undefined)
    server.addHook('onRequest', sandboxStored)
    readBodies(server, context)
    server.get('/about', async () => about)
    xapiRoutes(server, { ...context, rules: rulesOf(context.settings), door: doorOf(context) })
  }
}
