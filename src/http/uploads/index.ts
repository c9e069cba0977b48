import type { IncomingHttpHeaders } from 'node:http'
import { Readable } from 'node:stream'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ImportUser } from '../../contracts/imports.ts'
import type { UploadRequest, Uploads } from '../../contracts/uploads.ts'
import { RalphError } from '../../errors.ts'
import { importUserOf } from '../../identity/imports.ts'
import { requireScope } from '../authentication.ts'
import { methodNotAllowed } from '../errors.ts'
import type { HttpContext, HttpPlugin } from '../plugin.ts'

const prefix = '/api/upload'
const protocol = '1.0.0'

interface One {
  Params: { id: string }
}

/** The server itself handles CORS, and tus must not see the headers of proxies. */
const notHandedOn = /^(?:origin|access-control-|forwarded$|x-forwarded-)/

const textsOf = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]): [string, string][] =>
      value === undefined || notHandedOn.test(name) ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]]
    )
  )

const userOf = (request: FastifyRequest, { settings }: HttpContext): ImportUser =>
  importUserOf(requireScope(request, 'statements/write', settings))

const requireProtocol = ({ headers }: FastifyRequest, reply: FastifyReply): void => {
  if (headers['tus-resumable'] === protocol) return
  reply.header('tus-version', protocol)
  throw new RalphError('PRECONDITION_FAILED', `Uploads use the protocol tus: send Tus-Resumable: ${protocol}.`, {
    header: 'Tus-Resumable'
  })
}

const routes = (server: FastifyInstance, uploads: Uploads, context: HttpContext): void => {
  const { authenticate, publicPath } = context
  server.addContentTypeParser('application/offset+octet-stream', (_request, body, done) => done(null, body))
  server.addHook('onRequest', async (_request, reply) => {
    reply.header('tus-resumable', protocol)
  })

  const handle = async (
    request: FastifyRequest,
    reply: FastifyReply,
    method: UploadRequest['method'],
    id?: string
  ): Promise<FastifyReply> => {
    const user = userOf(request, context)
    requireProtocol(request, reply)
    const { body } = request
    const answer = await uploads.handle({
      method,
      headers: textsOf(request.headers),
      body: body instanceof Readable ? body : undefined,
      id,
      user
    })
    for (const [name, value] of Object.entries(answer.headers)) {
      if (!name.startsWith('access-control-') && name !== 'content-length') reply.header(name, value)
    }
    const { location } = answer.headers
    if (location !== undefined) reply.header('location', `${publicPath}${location}`)
    return reply.status(answer.status).send()
  }
  const onRequest = authenticate

  const options = async (_request: FastifyRequest, reply: FastifyReply) =>
    reply
      .headers({
        'tus-version': protocol,
        'tus-extension': uploads.extensions.join(','),
        'tus-checksum-algorithm': uploads.checksums.join(','),
        'tus-max-size': String(uploads.maxSize)
      })
      .status(204)
      .send()
  server.options('/', options)
  server.options('/:id', options)
  server.post('/', { onRequest }, (request, reply) => handle(request, reply, 'POST'))
  for (const method of ['HEAD', 'PATCH', 'DELETE'] as const) {
    const handler = (request: FastifyRequest<One>, reply: FastifyReply) =>
      handle(request, reply, method, request.params.id)
    server.route<One>({ method, url: '/:id', onRequest, handler })
  }
  for (const [url, method, allow] of [
    ['/', ['GET', 'PUT', 'PATCH', 'DELETE'], 'POST, OPTIONS'],
    ['/:id', ['POST', 'PUT'], 'GET, HEAD, PATCH, DELETE, OPTIONS']
  ] as const) {
    const onRequest = async (request: FastifyRequest): Promise<never> => {
      throw methodNotAllowed(request.url.split('?', 1)[0] ?? '', request.method, allow)
    }
    server.route({ method: [...method], url, onRequest, handler: () => {} })
  }
  server.get<One>('/:id', { onRequest, exposeHeadRoute: false }, (request) =>
    uploads.find(request.params.id, userOf(request, context))
  )
}

/** Uploads by the protocol tus, on a server that runs imports. */
export const uploads: HttpPlugin = {
  name: 'uploads',
  prefix,
  register: (server, context) => {
    if (context.uploads !== undefined) routes(server, context.uploads, context)
  }
}
