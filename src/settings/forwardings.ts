import { identifierKey } from '../xapi/identifier.ts'
import { type Term, termsOfQuery } from '../xapi/terms.ts'
import { setting } from './define.ts'
import { boolean, headerText, integer, json, type Kind, number, text, uuid } from './kinds.ts'
import { createReader, type Reader } from './read.ts'
import type { Sources } from './sources.ts'
import { isTarget, targetRule } from './target.ts'
import { similar } from './unknown.ts'

/** The setting for forwarding statements to other LRSs. */
export const forwardingGroup = {
  forwardings: setting('XAPI_FORWARDINGS', {
    kind: json,
    default: undefined,
    defaultText: '[]',
    secret: true,
    description:
      'Other LRSs to which the server forwards each statement it stores: a JSON list with one object for each, see docs/forwarding.md.'
  })
}

/** One LRS that receives the statements. */
export interface Forwarding {
  /** The position is kept under this name, so it must stay the same when the URL changes. */
  readonly name: string
  /** Statements are sent there by POST. */
  readonly url: URL
  /** Its origin and path, for messages. A query may be a secret. */
  readonly place: string
  readonly isActive: boolean
  readonly login: { readonly username: string; readonly password: string } | undefined
  /** How often a failed connection is tried again at once, before a pause. */
  readonly maxRetries: number
  /** Milliseconds without a byte after which a request is given up. */
  readonly timeout: number
  /** The most statements of a request. */
  readonly batchSize: number
  readonly headers: Readonly<Record<string, string>>
  /** Key of the signature of each body. Undefined: bodies are not signed. */
  readonly hmacSecret: string | undefined
  /** Where it begins if it has no position yet. */
  readonly begin: 'first' | 'now'
  /** Undefined in the list: the default target. */
  readonly targets: readonly (string | undefined)[]
  /** A statement must match one term of each list. */
  readonly conditions: readonly (readonly Term[])[]
}

type Given = Readonly<Record<string, unknown>>

const isGiven = (value: unknown): value is Given => typeof value === 'object' && value !== null && !Array.isArray(value)

/** Reads the members of one object, and reports problems. */
interface Members {
  /** The default if it is missing, null or invalid. */
  optional<Value>(name: string, kind: Kind<Value>, otherwise: Value): Value
  optional<Value>(name: string, kind: Kind<Value>, otherwise: undefined): Value | undefined
  /** One value, or a list. */
  many<Value>(name: string, kind: Kind<Value>): readonly Value[] | undefined
  refuse(name: string, expected: string): void
}

/** A number or a boolean may be written as a string, as in Python Ralph. */
const plain = (value: unknown): string | undefined =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined

const membersOf = (given: Given, refuse: (problem: string) => void, path = ''): Members => {
  const refuseMember = (name: string, expected: string): void => refuse(`${path}${name} must be ${expected}`)
  const read = <Value>(name: string, kind: Kind<Value>, value: unknown): Value | undefined => {
    const written = plain(value)
    const found = written === undefined ? undefined : kind.parse(written)
    if (found === undefined) refuseMember(name, kind.expected)
    return found
  }
  const optional = <Value>(name: string, kind: Kind<Value>, otherwise: Value | undefined): Value | undefined => {
    const value = given[name] ?? undefined
    return value === undefined ? otherwise : (read(name, kind, value) ?? otherwise)
  }
  return {
    // The signatures of `Members` say which of the two it is.
    optional: optional as Members['optional'],
    many: <Value>(name: string, kind: Kind<Value>) => {
      const value = given[name] ?? undefined
      if (value === undefined) return undefined
      const each = Array.isArray(value) ? value : [value]
      if (each.length === 0) refuseMember(name, `${kind.expected}, or a list with at least one`)
      return each.flatMap((one) => read(name, kind, one) ?? [])
    },
    refuse: refuseMember
  }
}

const requireKnown = (given: Given, known: readonly string[], refuse: (problem: string) => void): void => {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const meant = similar(key, known)
    refuse(`${JSON.stringify(key)} is unknown${meant === undefined ? '' : `; did you mean ${JSON.stringify(meant)}?`}`)
  }
}

const name: Kind<string> = { expected: targetRule, parse: (value) => (isTarget(value) ? value : undefined) }
const target: Kind<string> = {
  expected: `the name of a target, or "" for the default one`,
  parse: (value) => (value === '' || isTarget(value) ? value : undefined)
}
const iri: Kind<string> = {
  expected: 'an IRI',
  parse: (value) => (/^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(value) ? value : undefined)
}
const begin: Kind<'first' | 'now'> = {
  expected: '"first" or "now"',
  parse: (value) => (value === 'first' || value === 'now' ? value : undefined)
}
const seconds = number(0.1, 3600)
const notEmpty: Kind<string> = {
  expected: 'a string that is not empty',
  parse: (value) => (value === '' ? undefined : value)
}

const filterKeys = ['verb', 'activity', 'related_activities', 'agent', 'related_agents', 'registration', 'target']

/** The key of an Agent in xAPI form. Undefined: it has no identifier, or more than one. */
const agentKey = (value: unknown): string | undefined => {
  if (!isGiven(value)) return undefined
  const { mbox, mbox_sha1sum, openid, account } = value
  const isAccount = isGiven(account) && typeof account.homePage === 'string' && typeof account.name === 'string'
  const given = [mbox, mbox_sha1sum, openid, account].filter((each) => each !== undefined)
  if (given.length !== 1) return undefined
  if (isAccount) return identifierKey({ account: { homePage: String(account.homePage), name: String(account.name) } })
  if (typeof mbox === 'string') return /^mailto:[^@\s]+@[^@\s]+$/.test(mbox) ? identifierKey({ mbox }) : undefined
  if (typeof mbox_sha1sum === 'string') return identifierKey({ mbox_sha1sum })
  return typeof openid === 'string' ? identifierKey({ openid }) : undefined
}

const agentsIn = (value: unknown, members: Members): readonly string[] | undefined => {
  if (value === undefined || value === null) return undefined
  const keys = (Array.isArray(value) ? value : [value]).map(agentKey)
  if (keys.length > 0 && keys.every((key) => key !== undefined)) return keys
  members.refuse('agent', 'an Agent with one identifier, or a list of Agents')
  return undefined
}

const readFilter = (given: Given, refuse: (problem: string) => void): Pick<Forwarding, 'conditions' | 'targets'> => {
  requireKnown(given, filterKeys, (problem) => refuse(`filter: ${problem}`))
  const members = membersOf(given, refuse, 'filter.')
  const relatedAgents = members.optional('related_agents', boolean, false)
  const relatedActivities = members.optional('related_activities', boolean, false)
  const agents = agentsIn(given.agent, members)?.map((agent) => ({ agent, relatedAgents }))
  const activities = members.many('activity', iri)?.map((activity) => ({ activity, relatedActivities }))
  const verbs = members.many('verb', iri)?.map((verb) => ({ verb }))
  const registrations = members.many('registration', uuid)?.map((registration) => ({ registration }))
  const targets = members.many('target', target) ?? ['']
  return {
    conditions: [agents, activities, verbs, registrations].flatMap((each) =>
      each === undefined ? [] : [each.flatMap(termsOfQuery)]
    ),
    targets: [...new Set(targets)].map((each) => (each === '' ? undefined : each))
  }
}

/** Headers that Ralph sets itself. With other values the receiver could not read the request. */
const ours =
  /^(?:content-(?:length|type|encoding)|transfer-encoding|host|connection|expect|te|trailer|upgrade|keep-alive)$/i
const token = /^[\w!#$%&'*+.^`|~-]+$/

const readHeaders = (value: unknown, members: Members): Readonly<Record<string, string>> => {
  if (value === undefined || value === null) return {}
  if (!isGiven(value)) {
    members.refuse('headers', 'an object with strings as values')
    return {}
  }
  for (const [header, content] of Object.entries(value)) {
    if (!token.test(header) || ours.test(header)) members.refuse('headers', `without ${JSON.stringify(header)}`)
    if (typeof content !== 'string' || headerText.parse(content) === undefined) {
      members.refuse(`headers.${header}`, headerText.expected)
    }
  }
  // Each of them was checked.
  return value as Readonly<Record<string, string>>
}

const readUrl = (value: unknown, members: Members): URL | undefined => {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  const isHttp = url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:')
  if (isHttp && url.username === '' && url.password === '') return url
  members.refuse('url', 'an http:// or https:// URL of statements without credentials: use basic_username for those')
  return undefined
}

const readLogin = (members: Members): Forwarding['login'] => {
  const username = members.optional('basic_username', text, undefined)
  const password = members.optional('basic_password', text, undefined)
  if (username?.includes(':') === true) members.refuse('basic_username', 'a string without a colon')
  if ((username === undefined) !== (password === undefined)) {
    members.refuse('basic_username', 'set together with basic_password, or not at all')
  }
  return username === undefined || password === undefined ? undefined : { username, password }
}

const known = [
  ...['name', 'url', 'is_active', 'basic_username', 'basic_password', 'max_retries', 'timeout'],
  ...['batch_size', 'headers', 'hmac_secret', 'begin', 'filter']
]

/** `https://lrs.example.org/xAPI/statements/` becomes `lrs.example.org-xAPI-statements`. */
const nameOf = ({ host, pathname }: URL): string =>
  `${host}${pathname}`
    .replace(/[^A-Za-z0-9_.]+/g, '-')
    .replace(/^[-.]+|-+$/g, '')
    .slice(0, 100)

const readOne = (given: unknown, refuse: (problem: string) => void): Forwarding | undefined => {
  if (!isGiven(given)) {
    refuse('it must be an object')
    return undefined
  }
  requireKnown(given, known, refuse)
  const members = membersOf(given, refuse)
  const url = readUrl(given.url, members)
  const filter = given.filter ?? {}
  if (!isGiven(filter)) members.refuse('filter', 'an object')
  const headers = readHeaders(given.headers, members)
  const login = readLogin(members)
  if (login !== undefined && Object.keys(headers).some((each) => /^authorization$/i.test(each))) {
    members.refuse('headers', 'without Authorization where basic_username is set')
  }
  const rest = {
    isActive: members.optional('is_active', boolean, true),
    login,
    maxRetries: members.optional('max_retries', integer(0, 100), 1),
    timeout: Math.round(1000 * members.optional('timeout', seconds, 10)),
    batchSize: members.optional('batch_size', integer(1, 10_000), 100),
    headers,
    hmacSecret: members.optional('hmac_secret', notEmpty, undefined),
    begin: members.optional('begin', begin, 'now'),
    ...readFilter(isGiven(filter) ? filter : {}, refuse)
  }
  if (url === undefined) return undefined
  return { ...rest, name: members.optional('name', name, nameOf(url)), url, place: `${url.origin}${url.pathname}` }
}

const readForwardings = (given: object | undefined, reader: Reader): readonly Forwarding[] => {
  const { variable } = forwardingGroup.forwardings
  if (given === undefined) return []
  if (!Array.isArray(given)) {
    reader.refuse(`${variable} must be a JSON list of objects`)
    return []
  }
  const found = given.flatMap((each: unknown, index) => {
    const one = readOne(each, (problem) => reader.refuse(`${variable}, number ${index + 1}: ${problem}`))
    return one === undefined ? [] : [one]
  })
  for (const [index, { name: own }] of found.entries()) {
    if (found.findIndex((each) => each.name === own) < index) {
      reader.refuse(`${variable}: two forwardings have the name ${own}: give each of them a different "name"`)
    }
  }
  return found
}

/** Throws `INVALID_SETTING` with all problems, but without secrets. */
export const loadForwardings = (sources: Sources): readonly Forwarding[] => {
  const reader = createReader(sources)
  const { forwardings } = reader.read(forwardingGroup)
  const read = readForwardings(forwardings, reader)
  reader.finish()
  return read
}
