import fastifySwagger, { type StaticDocumentSpec } from '@fastify/swagger'
import fastifySwaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { RalphError } from '../errors.ts'
import { readSchemas, schemaBase } from '../validation/registry.ts'
import { versions } from '../xapi/version.ts'
import { documentResources } from './xapi/documents.ts'
import type { Operation, OperationName, Resource } from './xapi/resource.ts'
import { resources } from './xapi/resources.ts'
import { statements } from './xapi/statements.ts'

type Schema = Readonly<Record<string, unknown>>

/** Ralph's own parameters; those of the specification are described in schemas/xapi. */
const ownParameters: { readonly [name: string]: Schema } = {
  mine: { enum: ['true', 'false'], description: 'Only statements whose Authority is the asker.' },
  more: { type: 'string', description: 'Cursor of the next page, from a `more` link; goes with no other parameter.' },
  partialSuccess: { enum: ['true', 'false'], description: 'Store what is valid of a batch and report the rest.' },
  ignoreInvalid: { enum: ['true', 'false'], description: 'The same as `partialSuccess`.' }
}

/** Schemas by their path below schemas/xapi, without `$id`: references in them are relative to where they are served. */
const schemasByPath = (): ReadonlyMap<string, Schema> => {
  const found = new Map<string, Schema>()
  for (const { $id, ...schema } of versions.flatMap(readSchemas))
    found.set(String($id).slice(schemaBase.length), schema)
  return found
}

const propertiesOf = (schema: Schema | undefined): Readonly<Record<string, Schema>> =>
  // One of our own schemas: an object of named strings.
  (schema?.properties ?? {}) as Readonly<Record<string, Schema>>

const parametersOf = (operation: Operation, described: Readonly<Record<string, Schema>>): readonly Schema[] =>
  operation.parameters.map((each) => {
    const name = each.replace('!', '')
    const { description, contentSchema: _, ...schema } = { ...described[name], ...ownParameters[name] }
    return {
      name,
      in: 'query',
      required: each.endsWith('!'),
      ...(description === undefined ? {} : { description }),
      schema: { type: 'string', ...schema }
    }
  })

const errorAnswer = {
  description: 'Refused; see `ralph errors`',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: { error: { type: 'string' }, message: { type: 'string' }, problems: { type: 'array' } }
      }
    }
  }
}

const statementSchema = { $ref: './schemas/xapi/2.0.0/statement.schema.json' }
const statementContent = {
  'application/json': { schema: { anyOf: [statementSchema, { type: 'array', items: statementSchema }] } },
  'multipart/mixed': { schema: { type: 'string', format: 'binary' } }
}
const anyContent = { '*/*': { schema: {} } }

const bodyOf = (resource: Resource): Schema => ({
  required: true,
  content: resource.path === '/statements' ? statementContent : anyContent
})

/** Resources whose answers may have an ETag. */
const conditional: ReadonlySet<Resource> = new Set([statements, ...documentResources])

const describeOperation = (
  resource: Resource,
  name: OperationName,
  operation: Operation,
  described: Readonly<Record<string, Schema>>
): Schema => ({
  summary: operation.summary,
  description: `Scope, where scopes are enforced: \`${operation.scope}\`.`,
  tags: [resource.summary],
  security: [{ basic: [] }],
  parameters: [{ $ref: '#/components/parameters/version' }, ...parametersOf(operation, described)],
  ...(name === 'PUT' || name === 'POST' ? { requestBody: bodyOf(resource) } : {}),
  responses: {
    ...(name === 'GET' || (name === 'POST' && resource.path === '/statements')
      ? { 200: { description: 'Answered', content: anyContent } }
      : { 204: { description: 'Done' } }),
    ...(name === 'GET' && conditional.has(resource)
      ? { 304: { description: 'If-None-Match names what is there' } }
      : {}),
    default: errorAnswer
  }
})

/** The OpenAPI 3.1 document, made from the resources that are served and the schemas that describe them. */
export const openApiDocument = (schemas: ReadonlyMap<string, Schema>, serverUrl: string, version: string): Schema => {
  const paths: Record<string, Schema> = {
    '/xAPI/about': {
      get: { summary: 'Versions of xAPI that are spoken', responses: { 200: { description: 'Answered' } } }
    },
    '/whoami': {
      get: { summary: 'Who is asking', security: [{ basic: [] }], responses: { 200: { description: 'Answered' } } }
    },
    '/__heartbeat__': { get: { summary: 'Does the store work', responses: { 200: { description: 'It does' } } } },
    '/__lbheartbeat__': { get: { summary: 'Does the server run', responses: { 200: { description: 'It does' } } } }
  }
  for (const resource of resources) {
    const described = propertiesOf(schemas.get(`1.0.3/${resource.parameters}.schema.json`))
    const operations: Record<string, Schema> = {}
    for (const name of ['GET', 'PUT', 'POST', 'DELETE'] as const) {
      const operation = resource.operations[name]
      if (operation !== undefined) {
        operations[name.toLowerCase()] = describeOperation(resource, name, operation, described)
      }
    }
    paths[`/xAPI${resource.path}`] = operations
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Ralph LRS', version, description: 'xAPI 1.0.3 and 2.0 (IEEE 9274.1.1)' },
    servers: [{ url: serverUrl }],
    paths,
    components: {
      securitySchemes: { basic: { type: 'http', scheme: 'basic' } },
      parameters: {
        version: {
          name: 'X-Experience-API-Version',
          in: 'header',
          schema: { type: 'string', examples: [...versions] }
        }
      }
    }
  }
}

/** /openapi.json, the schemas it refers to, and /docs, a page that shows it. */
export const documentationRoutes = async (
  server: FastifyInstance,
  serverUrl: string,
  version: string
): Promise<void> => {
  const schemas = schemasByPath()
  const document = openApiDocument(schemas, serverUrl, version)
  server.get('/openapi.json', async () => document)
  server.get<{ Params: { '*': string } }>('/schemas/xapi/*', async (request) => {
    const schema = schemas.get(request.params['*'])
    if (schema === undefined) throw new RalphError('NOT_FOUND', 'There is no such schema.')
    return schema
  })
  // Its type knows OpenAPI 3.1 property by property; ours is made from JSON Schemas, which are any JSON.
  const specification = { document } as unknown as StaticDocumentSpec
  await server.register(fastifySwagger, { mode: 'static', specification })
  await server.register(fastifySwaggerUi, {
    routePrefix: '/docs',
    theme: { title: 'Ralph LRS' },
    uiConfig: { url: `${serverUrl}/openapi.json` }
  })
}
