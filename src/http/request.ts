import { isUtf8 } from 'node:buffer'
import { RalphError } from '../errors.ts'
import type { Parameters } from '../lrs/parameters.ts'

export const methods = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE'] as const
export type Method = (typeof methods)[number]

/** An xAPI request, whether it came as such or in the alternate syntax of 1.0.x. */
export interface XapiRequest {
  readonly method: Method
  readonly parameters: Parameters
  /** By lower-case name. */
  header(name: string): string | undefined
  readonly body: Buffer
}

const empty: Parameters = new Map()

/** Names that mean something are some thirty. A form is read before its sender is known: it must not cost much. */
const mostPairs = 100

/**
 * Name=value pairs as URLs and forms have them. `INVALID_PARAMETER` for a repeated name, a malformed escape, or pairs
 * beyond number.
 */
const parsePairs = (text: string): Parameters => {
  if (text === '') return empty
  const pairs = new Map<string, string>()
  const parts = text.split('&', mostPairs + 1)
  if (parts.length > mostPairs) {
    throw new RalphError('INVALID_PARAMETER', `There are more than ${mostPairs} parameters.`)
  }
  for (const pair of parts) {
    if (pair === '') continue
    const equals = pair.indexOf('=')
    const name = decode(equals === -1 ? pair : pair.slice(0, equals))
    const value = equals === -1 ? '' : decode(pair.slice(equals + 1))
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

/** The fields of a form (application/x-www-form-urlencoded). `MALFORMED_REQUEST`, and as `parsePairs`. */
export const parseForm = (body: Buffer): Parameters => {
  if (!isUtf8(body)) throw new RalphError('MALFORMED_REQUEST', 'The form is not valid UTF-8.')
  // In a text of many megabytes this would take seconds.
  const bytes = Buffer.from(body)
  for (let at = bytes.indexOf(plus); at !== -1; at = bytes.indexOf(plus, at + 1)) bytes[at] = space
  return parsePairs(bytes.toString('utf8'))
}

/** The query parameters of a request target. */
export const queryOf = (url: string): Parameters => {
  const mark = url.indexOf('?')
  if (mark === -1) return empty
  const hash = url.indexOf('#', mark)
  return parsePairs(url.slice(mark + 1, hash === -1 ? undefined : hash))
}
