import { members } from '../xapi/json-text.ts'

/** What a line holds, or why it holds nothing. */
export type Extracted = { readonly text: string } | { readonly reason: string }

export type ParseLine = (line: string) => Extracted

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

interface Read {
  /** Undefined: there is none, for this reason. */
  readonly value: { readonly [key: string]: unknown } | undefined
  readonly reason: string
}

/** The object on a line. */
const readObject = (line: string): Read => {
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? { value, reason: '' } : { value: undefined, reason: 'is no JSON object' }
  } catch (error) {
    return { value: undefined, reason: `is no JSON: ${error instanceof Error ? error.message : String(error)}` }
  }
}

/** The text of a member, as it stands there; of two of the same name the last one counts. */
const memberText = (line: string, name: string): string | undefined => {
  const member = members(line).findLast(({ key }) => key === name)
  return member === undefined ? undefined : line.slice(member.valueStart, member.end)
}

const isText = (value: unknown): value is string => typeof value === 'string'

/** A record that stands in a member: as an object, whose text is cut out of the line, or as a text. */
const inMember =
  (name: string, allowed: 'object' | 'text' | 'object or text'): ParseLine =>
  (line) => {
    const { value: object, reason } = readObject(line)
    if (object === undefined) return { reason }
    const value = Object.hasOwn(object, name) ? object[name] : undefined
    if (value === undefined) return { reason: `has no ${name}` }
    if (isText(value) && allowed !== 'object') return { text: value }
    if (isObject(value) && allowed !== 'text') return { text: memberText(line, name) ?? '' }
    return { reason: `has a ${name} that is no ${allowed}` }
  }

export const parserNames = ['gelf', 'es', 'mongo', 'clickhouse', 'jsonl', 'report'] as const
export type ParserName = (typeof parserNames)[number]

/** What records are wrapped in, by name. Whatever they are, their text is not printed anew. */
export const parsers: { readonly [name in ParserName]: ParseLine } = {
  gelf: inMember('short_message', 'text'),
  es: inMember('_source', 'object'),
  mongo: inMember('_source', 'object'),
  clickhouse: inMember('event', 'object or text'),
  jsonl: (line) => {
    const { value, reason } = readObject(line)
    return value === undefined ? { reason } : { text: line }
  },
  report: inMember('record', 'object or text')
}
