import type { Operation, OperationName } from '../../xapi/resource.ts'
import type { Schema } from './schemas.ts'

/** Ralph's own parameters. Those of the specification are described in schemas/xapi. */
const ownParameters: { readonly [name: string]: Schema } = {
  mine: { enum: ['true', 'false'], description: 'Only statements whose Authority is the user who asks.' },
  more: { type: 'string', description: 'Cursor of the next page, from a `more` link.' },
  partialSuccess: { enum: ['true', 'false'], description: 'Store what is valid of a batch and report the rest.' },
  ignoreInvalid: { enum: ['true', 'false'], description: 'The same as `partialSuccess`.' }
}

/** Descriptions for people, where the name does not say enough. */
const descriptions: { readonly [name: string]: string } = {
  verb: 'Id of the verb.',
  activity: 'Id of an Activity that is the Object.',
  registration: 'UUID of a registration: statements of one attempt or session have the same.',
  related_activities: 'With `activity`: in the context and in SubStatements as well.',
  related_agents: 'With `agent`: as Authority, instructor, team and in SubStatements as well.',
  limit: 'The most statements on a page; 0 is as many as the server allows.',
  format: '`exact`: as stored. `ids`: only identifiers. `canonical`: one language, chosen by Accept-Language.',
  attachments: 'The answer is multipart/mixed, with the attachments.',
  ascending: 'Oldest first.',
  stateId: 'Id of the document.',
  profileId: 'Id of the document.'
}

const examples: { readonly [name: string]: string } = {
  agent: '{"mbox": "mailto:ada@example.org"}',
  activity: 'https://example.org/courses/statistics',
  activityId: 'https://example.org/courses/statistics',
  profileId: 'settings',
  registration: '6f1ec6a1-0b7b-4bd2-9b51-61ac2a3d4b26',
  since: '2026-01-01T00:00:00Z',
  stateId: 'bookmark',
  statementId: '12345678-1234-4321-8765-123456789012',
  until: '2026-12-31T23:59:59Z',
  verb: 'http://adlnet.gov/expapi/verbs/completed'
}

export const queryParametersOf = (
  operation: Operation,
  described: Readonly<Record<string, Schema>>
): readonly Schema[] =>
  operation.parameters.map((each) => {
    const name = each.replace('!', '')
    const required = each.endsWith('!')
    const {
      description = descriptions[name],
      contentSchema: _,
      ...schema
    } = {
      ...described[name],
      ...ownParameters[name]
    }
    const example = examples[name]
    // The page fills in examples. It may fill in a required value, but not a filter.
    const words = [description, required || example === undefined ? undefined : `For example \`${example}\`.`]
    return {
      name,
      in: 'query',
      required,
      description: words.filter((text) => text !== undefined).join(' '),
      schema: { type: 'string', ...schema },
      ...(required && example !== undefined ? { example } : {})
    }
  })

const header = (name: string, description: string): Schema => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string' }
})

const ifMatch = header('If-Match', 'ETag of the document that is replaced or removed.')
const ifNoneMatch = header('If-None-Match', '`*`: only if there is no such document yet.')
/** A profile may be replaced only with the ETag of the present one (Communication §3.1). */
const firstOfProfile = { ...ifNoneMatch, example: '*' }
const acceptLanguage = header('Accept-Language', 'Languages that are preferred, with `format=canonical`.')

/** The headers that change an answer, besides the version. */
export const headerParametersOf = (path: string, name: OperationName): readonly Schema[] => {
  if (path === '/statements') return name === 'GET' ? [acceptLanguage] : []
  if (name === 'GET') return []
  if (name === 'DELETE') return [ifMatch]
  return [ifMatch, name === 'PUT' && path.endsWith('/profile') ? firstOfProfile : ifNoneMatch]
}
