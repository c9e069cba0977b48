import type { Json } from '../../../xapi/statement.ts'

/** JSON as Python prints it: ASCII only. The ids of event-routing-backends are made of such text. */
export const asciiJson = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\uffff]/g, (unit) =>
    unit === '\u007f' ? unit : `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
  )

const quoted = (text: string): string => {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t')
  return `${quote}${quote === "'" ? escaped.replaceAll("'", "\\'") : escaped}${quote}`
}

const words = new Map<Json, string>([
  [null, 'None'],
  [true, 'True'],
  [false, 'False']
])

/** A value as Python shows it within another: what event-routing-backends has as the response of old events. */
const shown = (value: Json): string => {
  const word = words.get(value)
  if (word !== undefined) return word
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object' || value === null) return String(value)
  if (isList(value)) return `[${value.map(shown).join(', ')}]`
  return `{${Object.entries(value)
    .map(([key, each]) => `${quoted(key)}: ${shown(each)}`)
    .join(', ')}}`
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value)

/** A list as Python prints it as JSON: with a blank behind each comma. */
const listAsJson = (value: Json): string =>
  value !== null && typeof value === 'object'
    ? isList(value)
      ? `[${value.map(listAsJson).join(', ')}]`
      : `{${Object.entries(value)
          .map(([key, each]) => `${JSON.stringify(key)}: ${listAsJson(each)}`)
          .join(', ')}}`
    : JSON.stringify(value)

/** The text that a response is: lists as JSON, objects as Python shows them. */
export const responseText = (value: Json | undefined): string | undefined => {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value.toWellFormed()
  return (isList(value) ? listAsJson(value) : shown(value)).toWellFormed()
}
