import type { FastifyInstance, FastifyRequest } from 'fastify'
import {
  type ImportRecord,
  type ImportStatus,
  type Imports,
  importStatuses,
  type ListImports,
  type UrlOffer
} from '../../contracts/imports.ts'
import { RalphError } from '../../errors.ts'
import { importUserOf, mayReadImport, visibleImports } from '../../identity/imports.ts'
import type { Scope } from '../../identity/principal.ts'
import { requireScope } from '../authentication.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'
import { needsNoPermission, requireOwnPage } from '../xapi/cross-site.ts'

/** The most imports in one answer. */
const mostListed = 1000

/** Bytes. A URL is never that long. */
const largestBody = 65_536

const statusIn = (value: unknown): ImportStatus | undefined => {
  if (value === undefined) return undefined
  const found = importStatuses.find((status) => status === value)
  if (found !== undefined) return found
  throw new RalphError('INVALID_PARAMETER', `Parameter "status" must be one of ${importStatuses.join(', ')}.`, {
    parameter: 'status'
  })
}

const limitIn = (value: unknown): number => {
  if (value === undefined) return 100
  const limit = Number(value)
  if (Number.isInteger(limit) && limit > 0) return Math.min(limit, mostListed)
  throw new RalphError('INVALID_PARAMETER', 'Parameter "limit" must be a whole number, at least 1.', {
    parameter: 'limit'
  })
}

/** Where a page of the list ends: the time and the id of its last import. The next page starts there. */
const cursorOf = ({ created, id }: ImportRecord): string => `${created},${id}`

const afterIn = (value: unknown): ListImports['after'] => {
  if (value === undefined) return undefined
  const [created = '', id = ''] = String(value).split(',')
  if (id !== '' && !Number.isNaN(Date.parse(created))) return { created, id }
  throw new RalphError('INVALID_PARAMETER', 'Parameter "after" must be the value in "more" of an answer.', {
    parameter: 'after'
  })
}

/** The same rule as for the parameters of xAPI. Throws `INVALID_PARAMETER`. */
const requireOnce = (query: object): void => {
  const repeated = Object.entries(query).find(([, value]) => Array.isArray(value))
  if (repeated === undefined) return
  const [parameter] = repeated
  throw new RalphError('INVALID_PARAMETER', `Parameter ${JSON.stringify(parameter)} is given more than once.`, {
    parameter
  })
}

interface ListQuery {
  readonly status?: string
  readonly door?: string
  readonly limit?: string
  readonly after?: string
}

/** The body of a request to import a URL: `{"url": …}`, and the sha256 if it is known. */
const urlIn = (body: unknown): Pick<UrlOffer, 'url' | 'sha256'> => {
  let value: unknown
  try {
    value = JSON.parse(typeof body === 'string' ? body : '')
  } catch (cause) {
    throw new RalphError('INVALID_JSON', 'The body is not valid JSON: expected {"url": "https://…"}.', {}, { cause })
  }
  const given: { readonly url?: unknown; readonly sha256?: unknown } =
    typeof value === 'object' && value !== null ? value : {}
  const { url, sha256 } = given
  const isDigest = sha256 === undefined || (typeof sha256 === 'string' && /^[0-9a-f]{64}$/i.test(sha256))
  if (typeof url === 'string' && isDigest) return { url, sha256 }
  throw new RalphError('INVALID_PARAMETER', 'The body must have a "url", and may have a "sha256" in hexadecimal.', {
    parameter: isDigest ? 'url' : 'sha256'
  })
}

const asParameterError = (error: unknown): unknown =>
  error instanceof RalphError && error.code === 'INVALID_QUERY'
    ? new RalphError('INVALID_PARAMETER', error.message, { parameter: 'url' }, { cause: error })
    : error

/** The path and query of the next page. */
const moreOf = (query: ListQuery, last: ImportRecord): string =>
  `/imports?${new URLSearchParams({ ...query, after: cursorOf(last) })}`

const routes = (
  server: FastifyInstance,
  imports: Imports,
  { authenticate, settings, publicPath }: HttpContext
): void => {
  /** For an import of another user the answer is the same as for one that does not exist. */
  const find = async (request: FastifyRequest<{ Params: { id: string } }>, scope: Scope): Promise<ImportRecord> => {
    const asker = requireScope(request, scope, settings)
    const { id } = request.params
    const record = await imports.find(id)
    if (record !== undefined && mayReadImport(asker, record, settings)) return record
    throw new RalphError('NOT_FOUND', `There is no import ${JSON.stringify(id)}.`, { id })
  }
  const onRequest = authenticate
  server.addHook('onRequest', async (request) => {
    if (needsNoPermission(request)) requireOwnPage(request, settings)
  })

  server.get<{ Querystring: ListQuery }>('/', { onRequest }, async (request) => {
    const { query } = request
    requireOnce(query)
    const asker = requireScope(request, 'statements/read/mine', settings)
    const limit = limitIn(query.limit)
    const filter = { status: statusIn(query.status), door: query.door, after: afterIn(query.after) }
    // One more than requested, to know whether there is a next page.
    const found = await imports.list({ ...filter, ...visibleImports(asker, settings), limit: limit + 1 })
    const page = found.slice(0, limit)
    const last = page.at(-1)
    return { imports: page, ...(found.length > limit && last !== undefined ? { more: moreOf(query, last) } : {}) }
  })
  server.get<{ Params: { id: string } }>('/:id', { onRequest }, (request) => find(request, 'statements/read/mine'))
  server.addContentTypeParser(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, body: unknown) => body
  )
  server.post('/', { onRequest, bodyLimit: largestBody }, async (request, reply) => {
    const user = importUserOf(requireScope(request, 'statements/write', settings))
    const record = await imports
      .submit({ door: 'url', user, isTrusted: false, ...urlIn(request.body) })
      .catch((error: unknown) => {
        throw asParameterError(error)
      })
    return reply.status(202).header('location', `${publicPath}/imports/${record.id}`).send(record)
  })
  server.post<{ Params: { id: string } }>('/:id/retry', { onRequest }, async (request) => {
    const { id } = await find(request, 'statements/write')
    return imports.retry(id)
  })
  server.delete<{ Params: { id: string } }>('/:id', { onRequest }, async (request, reply) => {
    const { id } = await find(request, 'statements/write')
    await imports.remove(id)
    return reply.status(204).send()
  })
}

/** The records of imports, on a server that runs imports. */
export const imports: HttpPlugin = {
  name: 'imports',
  prefix: '/imports',
  register: (server, context) => {
    if (context.imports !== undefined) routes(server, context.imports, context)
  }
}
