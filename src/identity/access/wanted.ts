import { RalphError } from '../../errors.ts'
import { isObject } from '../../json/values.ts'
import { isTarget, targetRule } from '../../settings/target.ts'
import { validateAgent } from '../../validation/agent.ts'
import { isIri } from '../../validation/formats/iri.ts'
import { isUuid } from '../../validation/formats/uuid.ts'
import type { Agent } from '../../xapi/statement.ts'
import { formatMicros, type Micros, parseMicros } from '../../xapi/timestamp.ts'
import { isScope, type Scope, scopes } from '../principal.ts'
import { isNetwork } from './places.ts'

type Fields = { readonly [name: string]: unknown }

const refuse = (parameter: string, rule: string): never => {
  throw new RalphError('INVALID_PARAMETER', `"${parameter}" must be ${rule}.`, { parameter })
}

/** The members of a JSON object. Throws `INVALID_PARAMETER` for one that is not known: it may be a restriction that was misspelled. */
export const fieldsIn = (value: unknown, known: readonly string[]): Fields => {
  if (!isObject(value)) throw new RalphError('INVALID_PARAMETER', 'The body must be a JSON object.')
  for (const name of Object.keys(value)) {
    if (known.includes(name)) continue
    throw new RalphError('INVALID_PARAMETER', `"${name}" has no meaning here; there are ${known.join(', ')}.`, {
      parameter: name
    })
  }
  return value
}

const textsIn = (value: unknown): readonly string[] | undefined =>
  value === undefined ? [] : Array.isArray(value) && value.every((each) => typeof each === 'string') ? value : undefined

const longestLabel = 200

export const labelIn = ({ label }: Fields): string =>
  typeof label === 'string' && label.trim() !== '' && label.length <= longestLabel
    ? label
    : refuse('label', `a text of at most ${longestLabel} characters that is not empty`)

export const agentIn = (fields: Fields, name: string): Agent | undefined => {
  const value = fields[name]
  if (value === undefined) return undefined
  const [problem] = validateAgent(value, '1.0.3', 'agent')
  if (problem !== undefined) return refuse(name, `an Agent; ${name}${problem.pointer}: ${problem.expected}`)
  // It was validated.
  return { objectType: 'Agent', ...(value as Agent) }
}

export const scopesIn = (
  { scopes: value }: Fields,
  allowed: readonly Scope[] = scopes
): readonly Scope[] | undefined => {
  if (value === undefined) return undefined
  const words = textsIn(value)
  const found = words?.filter(isScope).filter((each) => allowed.includes(each))
  if (words === undefined || found === undefined || found.length === 0 || found.length < words.length) {
    return refuse('scopes', `a list of at least one of ${allowed.join(', ')}`)
  }
  return [...new Set(found)]
}

export const targetIn = ({ target }: Fields): string | undefined =>
  target === undefined || (typeof target === 'string' && isTarget(target)) ? target : refuse('target', targetRule)

const mostPlaces = 100

export const addressesIn = ({ addresses }: Fields): readonly string[] => {
  const found = textsIn(addresses)
  return found?.every(isNetwork) && found.length <= mostPlaces
    ? found
    : refuse('addresses', `a list of addresses and networks (10.0.0.0/8), at most ${mostPlaces}`)
}

const isOrigin = (text: string): boolean => /^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text

export const originsIn = ({ origins }: Fields): readonly string[] => {
  const found = textsIn(origins)
  return found?.every(isOrigin) && found.length <= mostPlaces
    ? found
    : refuse('origins', `a list of origins (https://content.example.org), at most ${mostPlaces}`)
}

/** As a timestamp in UTC. It must lie in the future. */
export const expiresIn = ({ expires }: Fields, now: Micros): string | undefined => {
  if (expires === undefined) return undefined
  const time = typeof expires === 'string' ? parseMicros(expires) : undefined
  return time !== undefined && time > now ? formatMicros(time) : refuse('expires', 'a timestamp in the future')
}

export const registrationIn = ({ registration }: Fields): string | undefined =>
  registration === undefined
    ? undefined
    : typeof registration === 'string' && isUuid(registration)
      ? registration.toLowerCase()
      : refuse('registration', 'a UUID')

export const activityIn = ({ activity }: Fields): string | undefined =>
  activity === undefined || (typeof activity === 'string' && isIri(activity)) ? activity : refuse('activity', 'an IRI')

/** A whole number of seconds, at least 1. */
export const secondsIn = (
  fields: Fields,
  name: string,
  { usual, most }: { readonly usual: number; readonly most: number }
): number => {
  const value = fields[name]
  if (value === undefined) return usual
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most
    ? value
    : refuse(name, `a whole number of seconds, from 1 to ${most}`)
}
