import { messageOf, RalphError } from '../../errors.ts'
import type { JsonObject, Statement } from '../../xapi/statement.ts'
import { isObject } from '../json.ts'
import { asLogged } from '../logged.ts'
import type { Platform } from './addresses.ts'
import { findAspectsConversion, toAspects } from './aspects/index.ts'
import { type FindConversion, findConversion, findRalphConversion } from './conversions.ts'
import { kindOf, readEvent } from './event.ts'
import { toStatement } from './statement.ts'
import { createNames, uuidBytes } from './statement-id.ts'

export interface EdxToXapiOptions {
  /** Home page of the accounts, and what the addresses of pages and components begin with. */
  readonly platformUrl: string
  /** UUID from which the ids of statements are made. */
  readonly namespace: string
  /** Default: what the event says. */
  readonly shape?: StatementShape
}

/**
 * `ralph`: the nine conversions of Python Ralph 5.1, exactly. `aspects`: those of event-routing-backends, as Aspects of
 * Open edX expects them.
 */
export type StatementShape = 'event' | 'ralph' | 'aspects'

/** What a line of a tracking log became. */
export type Converted =
  | { readonly statement: Statement; readonly further?: readonly Statement[] }
  /** No conversion is for such an event. */
  | { readonly unknown: string; readonly kind: string }
  /** There is one, and a field is not what it should be. */
  | { readonly reason: string }

/**
 * @param text the line without its end
 * @param line what the id of the statement comes from: the record and a line feed
 */
export type ConvertEvent = (text: string, line: Uint8Array) => Converted

interface ExactParse {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
}

/** With ids of users as they are written, where a double does not hold them. */
const parseWithIds = (text: string): unknown =>
  // What Node has and the types of TypeScript do not yet.
  (JSON as ExactParse).parse(text, (key, value, { source }) =>
    key === 'user_id' && typeof value === 'number' && !Number.isSafeInteger(value) ? source : value
  )

const hasLongId = (part: unknown): boolean =>
  isObject(part) && typeof part.user_id === 'number' && !Number.isSafeInteger(part.user_id)

const parse = (text: string): unknown => {
  const value: unknown = JSON.parse(text)
  return isObject(value) && (hasLongId(value.context) || hasLongId(value.event) || hasLongId(value.data))
    ? parseWithIds(text)
    : value
}

/** Undefined: no conversion is for such an event. */
type ConvertTo = (value: JsonObject, source: string, type: string, line: Uint8Array) => Converted | undefined

const pathOf = (context: unknown): unknown => (isObject(context) ? context.path : undefined)

/** Converts lines of edX tracking logs to xAPI statements. `USAGE` when the namespace is no UUID. */
export const createEdxToXapi = ({ platformUrl, namespace, shape = 'event' }: EdxToXapiOptions): ConvertEvent => {
  const bytes = uuidBytes(namespace)
  if (bytes === undefined) throw new RalphError('USAGE', `${JSON.stringify(namespace)} is no UUID namespace`)
  const idOf = createNames(bytes)
  const without = shape === 'event' ? '' : shape === 'ralph' ? ' in Python Ralph' : ' in event-routing-backends'
  const platform: Platform = {
    homePage: platformUrl,
    url: platformUrl.replace(/\/+$/, '')
  }

  const toOne =
    (find: FindConversion): ConvertTo =>
    (value, source, type, line) => {
      const prepared = find(source, type, pathOf(value.context))
      if (prepared === undefined) return undefined
      const event = readEvent({ value, at: '' }, source, type)
      return {
        statement: toStatement(idOf(line), event, prepared, prepared.conversion.describe(event, platform), platform)
      }
    }

  const toSeveral: ConvertTo = (value, source, type) => {
    const conversion = findAspectsConversion(source, type, value.name)
    if (conversion === undefined) return undefined
    const [statement, ...further] = toAspects(readEvent({ value, at: '' }, source, type), conversion, platform)
    if (statement === undefined) return { unknown: 'names nobody who did it', kind: 'event that names nobody' }
    return further.length === 0 ? { statement } : { statement, further }
  }

  const convertTo = shape === 'aspects' ? toSeveral : toOne(shape === 'ralph' ? findRalphConversion : findConversion)

  return (text, line) => {
    let value: unknown
    try {
      value = asLogged(parse(text))
    } catch (error) {
      return {
        reason: `is no JSON: ${messageOf(error)}`
      }
    }
    if (!isObject(value)) return { reason: 'is no JSON object' }
    const kind = kindOf(value)
    if (kind === undefined)
      return {
        unknown: 'is no event of edX: it has no event_source or no event_type',
        kind: 'no event of edX'
      }
    const { source, type } = kind
    try {
      const converted = convertTo(value, source, type, line)
      if (converted !== undefined) return converted
      const named = `event_type ${JSON.stringify(type)} of event_source ${JSON.stringify(source)}`
      return { unknown: `has no conversion${without}: ${named}`, kind: named }
    } catch (error) {
      if (error instanceof RalphError && error.code === 'INVALID_INPUT') {
        return { reason: `cannot be converted: ${error.message}` }
      }
      // Of V8: the event holds more than can be printed as one text.
      if (error instanceof RangeError) return { reason: 'cannot be converted: it is nested too deep or too long' }
      throw error
    }
  }
}
