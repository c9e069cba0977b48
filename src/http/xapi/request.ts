import { isUtf8 } from 'node:buffer'
import { RalphError } from '../../errors.ts'
import type { Parameters } from '../../lrs/parameters.ts'

export const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const
export type Method = (typeof methods)[number]

/** An xAPI request, sent directly or in the alternate syntax of 1.0.x. */
export interface XapiRequest {
  readonly method: Method
  readonly parameters: Parameters
  /** By lower-case name. */
  header(name: string): string | undefined
  readonly body: Buffer
}

export interface ParameterLimits {
  /** The most parameters, or fields of a form. A form is read before its sender is known, so it must be cheap. */
  readonly maxParameters: number
  /** The most bytes of one parameter. */
  readonly maxParameterSize: number
}

const empty: Parameters = new Map()

/** The field of a form that is a body. The size limit of bodies applies to it. */
const content = 'content'

const refuse = (message: string, limit: number, setting: string, details = {}): RalphError =>
  new RalphError('INVALID_PARAMETER', message, { ...details, limit, setting })

const requireSize = (name: string, value: string, { maxParameterSize: limit }: ParameterLimits): void => {
  if (Buffer.byteLength(value) <= limit) return
  const setting = 'RALPH_RUNSERVER_MAX_PARAMETER_SIZE'
  const message = `Parameter ${JSON.stringify(name)} is larger than the ${limit} bytes of ${setting}.`
  throw refuse(message, limit, setting, { parameter: name })
}

/**
 * Name=value pairs of a URL or a form. Throws `INVALID_PARAMETER` for a repeated name, a malformed escape, or too many or too large pairs.
 */
const parsePairs = (text: string, limits: ParameterLimits, unbounded?: string): Parameters => {
  if (text === '') return empty
  const pairs = new Map<string, string>()
  const { maxParameters } = limits
  const parts = text.split('&', maxParameters + 1)
  if (parts.length > maxParameters) {
    const setting = 'RALPH_RUNSERVER_MAX_PARAMETERS'
    throw refuse(`There are more parameters than the ${maxParameters} of ${setting}.`, maxParameters, setting)
  }
  for (const pair of parts) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    requireSize(name.slice(0, 100), name, limits)
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
    if (name !== unbounded) requireSize(name, value, limits)
    if (pairs.has(name)) {
      throw new RalphError('INVALID_PARAMETER', `Parameter ${JSON.stringify(name)} is given more than once.`, {
        parameter: name
      })
    }
    pairs.set(name, value)
  }
  return pairs
}

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw new RalphError('INVALID_PARAMETER', `${JSON.stringify(text.slice(0, 200))} is not percent-encoded UTF-8.`)
  }
}

const [plus, space] = [0x2b, 0x20]

/** The fields of a form (application/x-www-form-urlencoded). Throws `MALFORMED_REQUEST`, and the errors of `parsePairs`. */
export const parseForm = (body: Buffer, limits: ParameterLimits): Parameters => {
  if (!isUtf8(body)) throw new RalphError('MALFORMED_REQUEST', 'The form is not valid UTF-8.')
  // In a text of many megabytes this would take seconds, and so would a search for each of a million fields.
  const bytes = Buffer.from(body)
  const first = bytes.indexOf(plus)
  if (first !== -1) for (let at = first; at < bytes.length; at += 1) if (bytes[at] === plus) bytes[at] = space
  return parsePairs(bytes.toString('utf8'), limits, content)
}

/** The query parameters of a request target. */
export const queryOf = (url: string, limits: ParameterLimits): Parameters => {
  const mark = url.indexOf('?')
  if (mark === -1) return empty
  const hash = url.indexOf('#', mark)
  return parsePairs(url.slice(mark + 1, hash === -1 ? undefined : hash), limits)
}
