import { messageOf } from '../errors.ts'
import { members } from '../json/exact.ts'
import { isObject } from '../json/values.ts'
import { unescaped } from './nginx-escapes.ts'
import { recordIn } from './records.ts'

/** What a line holds, or why it holds nothing. */
export type Extracted = { readonly text: string } | { readonly reason: string }

/** Where the record of a line stands. */
export interface Wrapper {
  /** The member that is the record; undefined: the line is. */
  readonly member: string | undefined
  /** Whether it can be an object, whose text is cut out of the line. */
  readonly object: boolean
  /** Whether it can be a text, which holds the record. */
  readonly text: boolean
  /** Another member that whatever is wrapped so has, where records may have a member of that name too. */
  readonly beside: string | undefined
}

export const parserNames = ['gelf', 'es', 'mongo', 'clickhouse', 'tracking', 'jsonl', 'report'] as const
export type ParserName = (typeof parserNames)[number]

/** What records are wrapped in, by name. Whatever they are, their text is not printed anew. */
export const wrappers: { readonly [name in ParserName]: Wrapper } = {
  gelf: { member: 'short_message', object: false, text: true, beside: undefined },
  es: { member: '_source', object: true, text: false, beside: undefined },
  mongo: { member: '_source', object: true, text: false, beside: undefined },
  clickhouse: { member: 'event', object: true, text: true, beside: 'event_id' },
  // What the logger writes in front of a record is taken off for every parser.
  tracking: { member: undefined, object: true, text: false, beside: undefined },
  jsonl: { member: undefined, object: true, text: false, beside: undefined },
  report: { member: 'record', object: true, text: true, beside: 'reason' }
}

/** The text of a member, as it stands there; of two of the same name the last one counts. */
const memberText = (line: string, name: string): string => {
  const member = members(line).findLast(({ key }) => key === name)
  return member === undefined ? '' : line.slice(member.valueStart, member.end)
}

const expectedOf = ({ object, text }: Wrapper): string =>
  [...(object ? ['object'] : []), ...(text ? ['text'] : [])].join(' and no ')

/** What a value is wrapped in that has a record in it; undefined: it has none, or is a record itself. */
export const wrapperOf = (value: unknown): ParserName | undefined =>
  isObject(value)
    ? parserNames.find((parser) => {
        const { member, beside } = wrappers[parser]
        if (member === undefined || !Object.hasOwn(value, member)) return false
        return beside === undefined || Object.hasOwn(value, beside)
      })
    : undefined

/**
 * Why what stands on a line is not a record but has one in it, and what takes it out; undefined: it has none, or is a
 * record itself.
 */
export const wrappedReason = (value: unknown): string | undefined => {
  const parser = wrapperOf(value)
  if (parser === undefined) return undefined
  return `holds a record in its ${wrappers[parser].member}: take the records out first, with ralph extract -p ${parser}`
}

/** The record in a text that wraps it: behind what a logger wrote, and as it was before nginx escaped it. */
export const recordInText = (text: string): string => unescaped(text) ?? recordIn(text)

/** What stands on a line, by JSON.parse: what this refuses is refused, unless nginx has escaped it. */
export const extractLine = (line: string, wrapper: Wrapper): Extracted => {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch (error) {
    const record = unescaped(line)
    if (record !== undefined) return extractLine(record, wrapper)
    return { reason: `is no JSON: ${messageOf(error)}` }
  }
  if (!isObject(parsed)) return { reason: 'is no JSON object' }
  const { member, object, text } = wrapper
  if (member === undefined) return { text: line.trim() }
  const value = Object.hasOwn(parsed, member) ? parsed[member] : undefined
  if (value === undefined) return { reason: `has no ${member}` }
  if (typeof value === 'string' && text) return { text: recordInText(value) }
  if (isObject(value) && object) return { text: memberText(line, member) }
  return { reason: `has a ${member} that is no ${expectedOf(wrapper)}` }
}
