import { about } from '../../lrs/about.ts'
import { lrsRulesOf } from '../../settings/lrs-rules.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { readBodies } from './bodies.ts'
import { promiseNothing } from './consistency.ts'
import type { Door } from './resource.ts'
import { refuseMethod, xapiRoutes } from './routes.ts'
import { sandboxStored } from './stored-content.ts'

const doorOf = ({ settings, publicPath, rejected }: HttpContext): Door => ({
  moreLink: (cursor) => `${publicPath}/xAPI/statements?more=${cursor}`,
  partialSuccessDefault: settings.partialSuccessDefault,
  limits: settings,
  rejected
})

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
    xapiRoutes(server, { ...context, rules: lrsRulesOf(context.settings), door: doorOf(context) })
  }
}
