import { type Version, versions } from '../../../xapi/version.ts'
import { documentResources } from '../../xapi/documents.ts'
import type { Operation, OperationName, Resource } from '../../xapi/resource.ts'
import { resources } from '../../xapi/resources.ts'
import { statements } from '../../xapi/statements.ts'
import { answersOf, errorAnswer, requestBodyOf } from './bodies.ts'
import { headerParametersOf, queryParametersOf } from './parameters.ts'
import { type Schema, schemaComponents } from './schemas.ts'

const introduction = `Ralph keeps learning records: xAPI statements, versions 1.0.3 and 2.0 (IEEE 9274.1.1).

**Send a first statement:** choose *Authorize* and give a user name and password (the demo that \`npm start\` runs has
the user \`janedoe\` with the password \`supersecret\`). Then open *POST /xAPI/statements*, choose *Try it out* and
*Execute*. *GET /xAPI/statements* shows what is stored.`

const propertiesOf = (schema: Schema | undefined): Readonly<Record<string, Schema>> =>
  // One of our own schemas, an object whose properties are strings.
  (schema?.properties ?? {}) as Readonly<Record<string, Schema>>

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
  parameters: [
    ...queryParametersOf(operation, described),
    ...headerParametersOf(resource.path, name),
    { $ref: '#/components/parameters/version' }
  ],
  ...(name === 'PUT' || name === 'POST' ? { requestBody: requestBodyOf(resource, name) } : {}),
  responses: {
    ...answersOf(resource, name),
    ...(name === 'GET' && conditional.has(resource)
      ? { 304: { description: 'If-None-Match names the current version' } }
      : {}),
    default: errorAnswer
  }
})

const resourcePaths = (schemas: ReadonlyMap<string, Schema>): Schema => {
  const paths: Record<string, Schema> = {}
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
  return paths
}

const serverTag = 'Server'

const serverPaths: Schema = {
  '/xAPI/about': {
    get: {
      summary: 'Supported versions of xAPI',
      tags: [serverTag],
      responses: { 200: { description: 'The versions.' } }
    }
  },
  '/whoami': {
    get: {
      summary: 'The authenticated user and its scopes',
      tags: [serverTag],
      security: [{ basic: [] }],
      responses: { 200: { description: 'The Agent and the scopes of the user.' }, default: errorAnswer }
    }
  },
  '/__heartbeat__': {
    get: {
      summary: 'Whether the store works',
      tags: [serverTag],
      responses: { 200: { description: 'It works.' }, 503: { description: 'It does not work.' } }
    }
  },
  '/__lbheartbeat__': {
    get: { summary: 'Whether the server runs', tags: [serverTag], responses: { 200: { description: 'It runs.' } } }
  }
}

const tagDescriptions: { readonly [name: string]: string } = {
  Statements: 'What somebody did: an Actor, a Verb, an Object.',
  Activities: 'The activities in statements.',
  Agents: 'The learners and other agents in statements.',
  [serverTag]: 'The server itself.'
}

export interface Served {
  /** The URL of the server: RALPH_RUNSERVER_PUBLIC_URL, or '/' for the host that served the document. */
  readonly url: string
  /** The version of Ralph. */
  readonly version: string
  /** The version of xAPI that serves a request without X-Experience-API-Version. */
  readonly defaultVersion: Version
}

/** The OpenAPI 3.1 document, made from the resources and the schemas that describe them. */
export const openApiDocument = (schemas: ReadonlyMap<string, Schema>, served: Served): Schema => ({
  openapi: '3.1.0',
  info: { title: 'Ralph LRS', version: served.version, description: introduction },
  servers: [{ url: served.url }],
  tags: [...new Set([...resources.map(({ summary }) => summary), serverTag])].map((name) => ({
    name,
    description: tagDescriptions[name] ?? 'Documents that belong to an Activity, an Agent, or both.'
  })),
  paths: { ...resourcePaths(schemas), ...serverPaths },
  components: {
    securitySchemes: { basic: { type: 'http', scheme: 'basic', description: 'A user that `ralph auth` has made.' } },
    parameters: {
      version: {
        name: 'X-Experience-API-Version',
        in: 'header',
        description: 'The xAPI version of the request.',
        schema: { type: 'string', examples: [...versions] },
        example: served.defaultVersion
      }
    },
    schemas: schemaComponents(schemas)
  }
})
