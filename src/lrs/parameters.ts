import { RalphError } from '../errors.ts'
import { validateAgent } from '../validation/agent.ts'
import { expectedIri, isIri } from '../validation/formats/iri.ts'
import { isTimestamp } from '../validation/formats/timestamp.ts'
import { isUuid } from '../validation/formats/uuid.ts'
import { type Actor, type Agent, normalId } from '../xapi/statement.ts'
import { type Micros, parseMicros } from '../xapi/timestamp.ts'
import type { Version } from '../xapi/version.ts'
import type { LrsRules } from './call.ts'

/** Query parameters as they were sent, percent-decoded, each at most once. */
export type Parameters = ReadonlyMap<string, string>

const refuse = (name: string, expected: string, text?: string): RalphError =>
  new RalphError('INVALID_PARAMETER', `Parameter \`${name}\` must be ${expected}.`, {
    parameter: name,
    expected,
    ...(text === undefined ? {} : { received: text.slice(0, 200) })
  })

const ignoringSetting = 'RALPH_LRS_IGNORE_UNKNOWN_PARAMETERS'

/**
 * Refuses unknown parameters (Communication §3.2: 400), unless the operator ignores them: some content copies its own launch parameters
 * onto every request. A known name in another case is always refused, because ignoring a filter would return more than was asked for.
 */
export const refuseUnknown = (
  parameters: Parameters,
  known: readonly string[],
  { ignoreUnknownParameters }: Pick<LrsRules, 'ignoreUnknownParameters'>
): void => {
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue
    const meant = known.find((each) => each.toLowerCase() === name.toLowerCase())
    if (ignoreUnknownParameters && meant === undefined) continue
    const hint =
      meant === undefined ? `; with ${ignoringSetting}=true it would be ignored.` : `; did you mean \`${meant}\`?`
    throw new RalphError('INVALID_PARAMETER', `Parameter ${JSON.stringify(name)} is unknown${hint}`, {
      parameter: name,
      known,
      ...(meant === undefined ? { setting: ignoringSetting } : {})
    })
  }
}

type Read<Value> = (name: string, text: string) => Value

/** The value of an optional parameter. */
export const optional = <Value>(parameters: Parameters, name: string, read: Read<Value>): Value | undefined => {
  const text = parameters.get(name)
  return text === undefined ? undefined : read(name, text)
}

/** The value of a required parameter. */
export const required = <Value>(parameters: Parameters, name: string, read: Read<Value>): Value => {
  const text = parameters.get(name)
  if (text === undefined) {
    throw new RalphError('INVALID_PARAMETER', `Parameter \`${name}\` is required.`, { parameter: name })
  }
  return read(name, text)
}

export const text: Read<string> = (name, value) => {
  if (value === '') throw refuse(name, 'a string that is not empty')
  return value
}

export const iri: Read<string> = (name, value) => {
  if (!isIri(value)) throw refuse(name, expectedIri(value), value)
  return value
}

/** Normalised. */
export const uuid: Read<string> = (name, value) => {
  if (!isUuid(value)) throw refuse(name, 'a UUID', value)
  return normalId(value)
}

const truths: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false]
])

/** In any case, or as a digit: client libraries in Python, .NET and JavaScript write them so. */
export const boolean: Read<boolean> = (name, value) => {
  const truth = truths.get(value.toLowerCase())
  if (truth === undefined) throw refuse(name, 'true or false', value)
  return truth
}

/** Any number of digits. A number too large for a double is rounded or infinite. */
export const wholeNumber: Read<number> = (name, value) => {
  if (!/^\d+$/.test(value)) throw refuse(name, 'a whole number, at least 0', value)
  return Number(value)
}

export const choice =
  <Choice extends string>(choices: readonly Choice[]): Read<Choice> =>
  (name, value) => {
    const chosen = choices.find((each) => each === value)
    if (chosen === undefined) throw refuse(name, `one of ${choices.join(', ')}`, value)
    return chosen
  }

/**
 * A `+` that the client did not percent-encode arrives as a space. Before an offset it can mean nothing else. A date alone is its first
 * moment in UTC.
 */
export const timestamp: Read<Micros> = (name, value) => {
  const meant = /^[\dW-]+$/.test(value) ? `${value}T00Z` : value.replace(/ (?=\d\d:?\d\d$)/, '+')
  const micros = isTimestamp(meant) ? parseMicros(meant) : undefined
  if (micros === undefined) {
    throw refuse(name, 'a timestamp or a date in ISO 8601, e.g. 2026-01-31T12:00:00Z or 2026-01-31', value)
  }
  return micros
}

const actor =
  <Kind extends Actor>(version: Version, kind: 'agent' | 'agent-or-identified-group'): Read<Kind> =>
  (name, value) => {
    let parsed: unknown
    try {
      parsed = JSON.parse(value)
    } catch {
      throw refuse(name, 'a JSON object', value)
    }
    const problems = validateAgent(parsed, version, kind)
    if (problems.length > 0) {
      const [first] = problems
      const where = first?.pointer ? ` at ${first.pointer}` : ''
      throw new RalphError('INVALID_PARAMETER', `Parameter \`${name}\`${where}: expected ${first?.expected}.`, {
        parameter: name,
        problems
      })
    }
    // `validateAgent` has accepted it.
    return parsed as Kind
  }

/** /agents, State and Agent Profile accept only an Agent (Communication §2.3, 2.4, 2.6). */
export const agent = (version: Version): Read<Agent> => actor<Agent>(version, 'agent')
/** The filter of /statements also accepts an identified Group (Communication §2.1.3). */
export const agentOrGroup = (version: Version): Read<Actor> => actor<Actor>(version, 'agent-or-identified-group')
