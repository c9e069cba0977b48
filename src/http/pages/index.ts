import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { PartStatus } from '../../contracts/part.ts'
import { RalphError } from '../../errors.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { varyBy } from '../vary.ts'
import { openApiDocument } from './openapi/document.ts'
import { schemasByPath } from './openapi/schemas.ts'

/** `pages/` is in the root directory of the repository (beside src/) and of the package (beside dist/src/). */
const findPages = (): string => {
  const candidates = ['../../../pages/', '../../../../pages/'].map((path) => new URL(path, import.meta.url))
  const found = candidates.find((url) => existsSync(new URL('home.html', url)))
  if (found !== undefined) return fileURLToPath(found)
  const looked = candidates.map(({ pathname }) => pathname)
  throw new RalphError('INTERNAL', `The pages are missing, in ${looked.join(' and in ')}. Install Ralph again.`)
}

/** The Swagger UI package of the maintainers reports every installation to a third party. This package contains only the files. */
const swaggerUi = fileURLToPath(new URL('static/', import.meta.resolve('@fastify/swagger-ui')))

/** Nothing from other origins and nothing inline. Swagger UI has images as data URLs. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const secured = (reply: FastifyReply): FastifyReply =>
  reply.headers({
    'content-security-policy': contentSecurityPolicy,
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'no-referrer'
  })

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const filled = (template: string, values: Readonly<Record<string, string>>): string =>
  template.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => escaped(values[name] ?? ''))

/**
 * The prefix of links on a page. Without RALPH_RUNSERVER_PUBLIC_URL the path that a proxy uses is unknown, so links are relative to the
 * page. `levels` is the depth of the page.
 */
const rootOf = (prefix: string, levels: number): string => (prefix === '' ? `./${'../'.repeat(levels)}` : `${prefix}/`)

/** A browser asks for HTML explicitly. A client that accepts anything is a program. */
const isBrowser = ({ headers }: FastifyRequest): boolean => /\btext\/html\b/i.test(headers.accept ?? '')

const stateInWords: { readonly [state in PartStatus['state']]: string } = {
  ok: 'The server runs and its store works.',
  degraded: 'The server works, but something needs the operator. The log of the server says more.',
  away: 'The store is unreachable.',
  error: 'The store cannot be used as it is. The log of the server says more.'
}

/** `/`, for people who open the address of the server: what it is, whether it works, and where to go next. */
const home = (server: FastifyInstance, { statusOfStore, settings, version, publicPath: prefix }: HttpContext): void => {
  const template = readFileSync(`${findPages()}home.html`, 'utf8')
  server.get('/', async (request, reply) => {
    // `*` is a path only for `OPTIONS *` (RFC 9112 §3.2.4).
    if (request.url === '*') throw new RalphError('NOT_FOUND', 'There is nothing at "*".')
    const { state } = await statusOfStore()
    reply.header('cache-control', 'no-store')
    varyBy(reply, 'Accept')
    if (!isBrowser(request)) {
      const paths = { xapi: '/xAPI', documentation: '/docs', openapi: '/openapi.json', health: '/__heartbeat__' }
      const links = Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, `${prefix}${path}`]))
      return { name: 'Ralph LRS', version, state, links }
    }
    const root = rootOf(prefix, 0)
    const endpoint = `${settings.publicUrl ?? ''}/xAPI/`
    const values = { root, version, state, stateInWords: stateInWords[state], endpoint }
    return secured(reply).type('text/html; charset=utf-8').send(filled(template, values))
  })
  // The prefix without a final slash, if no proxy adds it.
  if (prefix !== '') server.get(prefix, async (_request, reply) => reply.redirect(`${prefix}/`))
}

/** /openapi.json, the schemas of xAPI, and /docs, a page that shows them and can send requests. */
const documentation = (server: FastifyInstance, { settings, version, publicPath: prefix }: HttpContext): void => {
  const schemas = schemasByPath()
  const { publicUrl, defaultVersion } = settings
  const document = openApiDocument(schemas, { url: publicUrl ?? '/', version, defaultVersion })
  // Made once, because it is large and anybody may ask for it.
  const json = Buffer.from(JSON.stringify(document))
  server.get('/openapi.json', async (_request, reply) => reply.type('application/json; charset=utf-8').send(json))
  server.get<{ Params: { '*': string } }>('/schemas/xapi/*', async (request) => {
    const schema = schemas.get(request.params['*'])
    if (schema === undefined) throw new RalphError('NOT_FOUND', 'There is no such schema.')
    return schema
  })
  const template = readFileSync(`${findPages()}docs.html`, 'utf8')
  server.get('/docs', async (request, reply) => {
    const [path = ''] = request.url.split('?', 1)
    const root = rootOf(prefix, path.endsWith('/') ? 1 : 0)
    return secured(reply).type('text/html; charset=utf-8').send(filled(template, { root }))
  })
}

/** Icons, styles and scripts of the pages. Each is named, so no other file is ever sent. */
const files = async (server: FastifyInstance): Promise<void> => {
  const root = findPages()
  await server.register(fastifyStatic, { root, serve: false })
  const sent = [
    ['/favicon.ico', 'favicon.ico', root],
    ['/favicon.svg', 'favicon.svg', root],
    ...['style.css', 'home.js', 'docs.js'].map((name) => [`/pages/${name}`, name, root] as const),
    ...['swagger-ui.css', 'swagger-ui-bundle.js'].map((name) => [`/pages/${name}`, name, swaggerUi] as const)
  ] as const
  for (const [path, name, directory] of sent) {
    server.get(path, async (_request, reply) => secured(reply).sendFile(name, directory))
  }
}

/** The pages that a browser shows, under any path that a proxy uses. */
export const pages: HttpPlugin = {
  name: 'pages',
  prefix: '',
  register: async (server, context) => {
    await files(server)
    home(server, context)
    documentation(server, context)
  }
}
