import type { OperationName, Resource } from '../../xapi/resource.ts'
import { referenceTo, type Schema } from './schemas.ts'

const completed = {
  actor: { mbox: 'mailto:ada@example.org', name: 'Ada' },
  verb: { id: 'http://adlnet.gov/expapi/verbs/completed', display: { en: 'completed' } },
  object: {
    id: 'https://example.org/courses/statistics',
    definition: { name: { en: 'Statistics' }, type: 'http://adlnet.gov/expapi/activities/course' }
  },
  result: { completion: true, score: { scaled: 0.9 } }
}

const answered = {
  actor: { account: { homePage: 'https://lms.example.org', name: 'student-17' } },
  verb: { id: 'http://adlnet.gov/expapi/verbs/answered', display: { en: 'answered' } },
  object: { id: 'https://example.org/courses/statistics/question-1' },
  result: { success: true, response: '42' }
}

const oneStatement = {
  one: { summary: 'One statement', description: 'Ada completed a course.', value: completed }
}
const listOfStatements = {
  list: {
    summary: 'A list of statements',
    description: 'Stored all together or not at all.',
    value: [completed, answered]
  }
}

const statement: Schema = {
  anyOf: [referenceTo('1.0.3/statement.schema.json'), referenceTo('2.0.0/statement.schema.json')]
}

const withAttachments = { 'multipart/mixed': { schema: { type: 'string', format: 'binary' } } }

const documentContent: Schema = {
  'application/json': { schema: {}, examples: { document: { value: { bookmark: 'page-3' } } } },
  'text/plain': { schema: { type: 'string' }, examples: { document: { value: 'page-3' } } },
  'application/octet-stream': { schema: { type: 'string', format: 'binary' } }
}

export const requestBodyOf = ({ path }: Resource, name: OperationName): Schema => {
  if (path !== '/statements') {
    const description = 'A document of any type; its Content-Type is stored with it.'
    return { required: true, description, content: documentContent }
  }
  const json =
    name === 'PUT'
      ? { schema: statement, examples: oneStatement }
      : {
          schema: { anyOf: [statement, { type: 'array', items: statement }] },
          examples: { ...oneStatement, ...listOfStatements }
        }
  const description = 'With attachments: multipart/mixed, the JSON in the first part.'
  return { required: true, description, content: { 'application/json': json, ...withAttachments } }
}

export const errorAnswer: Schema = {
  description: 'Refused. The body explains the error. `ralph errors` lists all errors.',
  content: {
    'application/json': {
      schema: {
        type: 'object',
        properties: {
          error: { type: 'string', description: 'Its code, for programs.' },
          message: { type: 'string', description: 'What is wrong and what to do, for people.' },
          problems: {
            type: 'array',
            description: 'Each rule that a statement breaks.',
            items: {
              type: 'object',
              properties: {
                index: { type: 'integer', description: 'Position of the statement in the list that was sent.' },
                pointer: { type: 'string', description: 'JSON pointer into the statement.' },
                rule: { type: 'string' },
                expected: { type: 'string' }
              }
            }
          }
        },
        required: ['error', 'message']
      }
    }
  }
}

const json = (description: string, schema: Schema): Schema => ({
  description,
  content: { 'application/json': { schema } }
})

const page: Schema = {
  type: 'object',
  properties: {
    statements: { type: 'array', items: statement },
    more: { type: 'string', description: 'Path of the next page on this server. Empty if there is no next page.' }
  },
  required: ['statements']
}

const answers: { readonly [path: string]: { readonly [name in OperationName]?: Schema } } = {
  '/statements': {
    GET: json('One statement if the request named an id. Otherwise a page of a list, newest first.', {
      anyOf: [statement, page]
    }),
    POST: json('Stored. The ids of the statements, in the order in which they were sent.', {
      type: 'array',
      items: { type: 'string', format: 'uuid' }
    })
  },
  '/activities': { GET: json('The Activity.', referenceTo('1.0.3/activity.schema.json')) },
  '/agents': {
    GET: json('The Person: each property is a list of all known values.', { type: 'object' })
  }
}

/** The successful answers of an operation, by status. */
export const answersOf = (resource: Resource, name: OperationName): Schema => {
  const known = answers[resource.path]?.[name]
  if (known !== undefined) return { 200: known }
  return name === 'GET'
    ? { 200: { description: 'The document as it was stored, or a list of ids.', content: { '*/*': { schema: {} } } } }
    : { 204: { description: 'Done.' } }
}
