import { isDeepStrictEqual } from 'node:util'
import { RalphError } from '../../errors.ts'
import { type Cursor, decodeCursor } from '../../xapi/cursor.ts'
import type { StatementQuery } from '../../xapi/filters.ts'
import { identifierKey } from '../../xapi/identifier.ts'
import type { StatementId } from '../../xapi/statement.ts'
import { boundQuery } from '../bound.ts'
import type { Call } from '../call.ts'
import {
  agentOrGroup,
  boolean,
  choice,
  iri,
  optional,
  type Parameters,
  refuseUnknown,
  timestamp,
  uuid,
  wholeNumber
} from '../parameters.ts'
import { keyOfPrincipal, readsOnly } from '../restriction.ts'

export const statementFormats = ['exact', 'ids', 'canonical'] as const
export type StatementFormat = (typeof statementFormats)[number]

interface Shape {
  readonly format: StatementFormat
  readonly attachments: boolean
}

export interface SingleRead extends Shape {
  readonly kind: 'single'
  readonly id: StatementId
  readonly voided: boolean
  /** Identifier key of the only Authority whose statements the principal may see. */
  readonly authority?: string
}

export interface ListRead extends Shape {
  readonly kind: 'list'
  readonly query: StatementQuery
  /** The parameters of the first page. A `more` link carries them. */
  readonly parameters: Cursor['parameters']
}

const ids = ['statementId', 'voidedStatementId'] as const
const shapes = ['format', 'attachments'] as const
const filters = [
  'agent',
  'verb',
  'activity',
  'registration',
  'related_activities',
  'related_agents',
  'since',
  'until',
  'limit',
  'ascending',
  'mine'
] as const
const cursor = 'more'

/** The parameters of a list query. */
const repeatable: readonly string[] = [...filters, ...shapes]

export const queryParameters: readonly string[] = [...ids, ...filters, ...shapes, cursor]

/** Reads the parameters of GET /statements (Communication §2.1.3). Throws `INVALID_PARAMETER`, `INVALID_CURSOR`. */
export const readQuery = (parameters: Parameters, call: Call): SingleRead | ListRead => {
  refuseUnknown(parameters, queryParameters, call.rules)
  const more = parameters.get(cursor)
  const single = ids.find((name) => parameters.has(name))
  if (more !== undefined) {
    if (single === undefined) return nextPage(more, parameters, call)
    throw new RalphError('INVALID_PARAMETER', `Ask for \`${single}\` or for \`more\`, not for both.`, {
      parameter: single
    })
  }
  if (single !== undefined) return readSingle(parameters, call)
  return readList(parameters, call)
}

const shapeOf = (parameters: Parameters): Shape => ({
  format: optional(parameters, 'format', choice(statementFormats)) ?? 'exact',
  attachments: optional(parameters, 'attachments', boolean) ?? false
})

/**
 * A `more` link is complete: its page belongs to the same query (Communication §2.1.3). Some clients, such as Python Ralph, add it to the
 * parameters of the first request. This is accepted if they say the same.
 */
const nextPage = (more: string, parameters: Parameters, call: Call): ListRead => {
  const { parameters: first, position } = decodeCursor(more)
  const known = new Map(first)
  refuseUnknown(known, queryParameters, call.rules)
  const list = readList(known, call)
  for (const [name, value] of parameters) {
    if (!repeatable.includes(name) || known.get(name) === value) continue
    if (!isDeepStrictEqual(meaningOf(readList(new Map([...known, [name, value]]), call)), meaningOf(list))) {
      throw new RalphError(
        'INVALID_PARAMETER',
        `Beside \`more\`, \`${name}\` must have the same value as in the link: leave it out, or start again without \`more\`.`,
        { parameter: name, expected: known.get(name) ?? null, received: value.slice(0, 200) }
      )
    }
  }
  return { ...list, query: { ...list.query, after: position } }
}

/** The meaning of a list query, however it was written. */
const meaningOf = ({ query, format, attachments }: ListRead): object => ({
  query: { relatedAgents: false, relatedActivities: false, ...query },
  format,
  attachments
})

const readSingle = (parameters: Parameters, call: Call): SingleRead => {
  const [name, other] = ids.filter((each) => parameters.has(each))
  if (name === undefined || other !== undefined) {
    throw new RalphError('INVALID_PARAMETER', 'Ask for `statementId` or for `voidedStatementId`, not for both.')
  }
  const excess = filters.find((each) => parameters.has(each) && each !== 'mine')
  if (excess !== undefined) {
    throw new RalphError(
      'INVALID_PARAMETER',
      `\`${name}\` can be combined with \`format\` and \`attachments\`, not with \`${excess}\`.`,
      {
        parameter: excess
      }
    )
  }
  const id = optional(parameters, name, uuid) ?? ''
  const authority = restrictedTo(parameters, call)
  return {
    kind: 'single',
    id,
    voided: name === 'voidedStatementId',
    ...(authority === undefined ? {} : { authority }),
    ...shapeOf(parameters)
  }
}

const readList = (parameters: Parameters, call: Call): ListRead => {
  const agent = optional(parameters, 'agent', agentOrGroup(call.version))
  const limit = optional(parameters, 'limit', wholeNumber) ?? 0
  const most = call.rules.maxSearchHits
  const given = {
    agent: agent && identifierKey(agent),
    verb: optional(parameters, 'verb', iri),
    activity: optional(parameters, 'activity', iri),
    registration: optional(parameters, 'registration', uuid),
    relatedAgents: optional(parameters, 'related_agents', boolean),
    relatedActivities: optional(parameters, 'related_activities', boolean),
    since: optional(parameters, 'since', timestamp),
    until: optional(parameters, 'until', timestamp),
    authority: restrictedTo(parameters, call)
  }
  return {
    kind: 'list',
    query: boundQuery(call, {
      ...present(given),
      ascending: optional(parameters, 'ascending', boolean) ?? false,
      limit: limit === 0 ? most : Math.min(limit, most)
    }),
    // Parameters that are ignored now are not carried on.
    parameters: [...parameters].filter(([name]) => repeatable.includes(name)),
    ...shapeOf(parameters)
  }
}

type Present<Fields> = { [name in keyof Fields]?: Exclude<Fields[name], undefined> }

const present = <Fields extends object>(fields: Fields): Present<Fields> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Present<Fields>

/**
 * `mine` of Python Ralph, one rule for every read: only statements whose Authority is the principal. The request asks for it, or a scope or
 * setting demands it.
 */
const restrictedTo = (parameters: Parameters, call: Call): string | undefined => {
  const asked = optional(parameters, 'mine', boolean) ?? false
  return asked ? keyOfPrincipal(call) : readsOnly(call)
}
