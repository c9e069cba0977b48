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

/** `pages/` stands at the root of the repository (src/) as of the package (dist/src/). */
const findPages = (): string => {
  const candidates = ['../../../pages/', '../../../../pages/'].map((path) => new URL(path, import.meta.url))
  const found = candidates.find((url) => existsSync(new URL('home.html', url)))
  if (found !== undefined) return fileURLToPath(found)
  const looked = candidates.map(({ pathname }) => pathname)
  throw new RalphError('INTERNAL', `The pages are missing, in ${looked.join(' and in ')}. Install Ralph anew.`)
}

/** Swagger UI as its maintainers publish it reports every installation to a third party; this package only carries it. */
const swaggerUi = fileURLToPath(new URL('static/', import.meta.resolve('@fastify/swagger-ui')))

/** Nothing from elsewhere, nothing inline; Swagger UI has pictures of its own as data. */
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
 * What links on a page begin with. Where no RALPH_RUNSERVER_PUBLIC_URL says under which path a proxy hangs the server,
 * they are relative to the page, and `levels` says how deep it is.
 */
const rootOf = (prefix: string, levels: number): string => (prefix === '' ? `./${'../'.repeat(levels)}` : `${prefix}/`)

/** A browser asks for HTML by name; whoever takes anything is a program. */
const isBrowser = ({ headers }: FastifyRequest): boolean => /\btext\/html\b/i.test(headers.accept ?? '')

const stateInWords: { readonly [state in PartStatus['state']]: string } = {
  ok: 'Well: the server runs and its store works.',
  degraded: 'Well, but something needs the operator. The log of the server says more.',
  away: 'Not well: the store is out of reach.',
  error: 'Not well: the store cannot be used as it is. The log of the server says more.'
}

/** `/` for whoever opens the address of the server: what this is, whether it is well, and where to go on. */
const home = (server: FastifyInstance, { statusOfStore, settings, version, publicPath: prefix }: HttpContext): void => {
  const template = readFileSync(`${findPages()}home.html`, 'utf8')
  server.get('/', async (request, reply) => {
    // For `OPTIONS *` there is such a path (RFC 9112 §3.2.4), and for nothing else.
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
  // The prefix without a slash behind it, where no proxy adds that.
  if (prefix !== '') server.get(prefix, async (_request, reply) => reply.redirect(`${prefix}/`))
}

/** /openapi.json, the schemas of xAPI, and /docs, a page that shows them and from which requests can be sent. */
const documentation = (server: FastifyInstance, { settings, version, publicPath: prefix }: HttpContext): void => {
  const schemas = schemasByPath()
  const { publicUrl, defaultVersion } = settings
  const document = openApiDocument(schemas, { url: publicUrl ?? '/', version, defaultVersion })
  // Made once: it is large, and whoever likes may ask for it.
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

/** Icons, styles and scripts of the pages, each named, so that no other file is ever sent. */
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

/** What a person with a browser sees of the server, whatever the path under which a proxy shows it. */
export const pages: HttpPlugin = {
  name: 'pages',
  prefix: '',
  register: async (server, context) => {
    await files(server)
    home(server, context)
    documentation(server, context)
  }
}
