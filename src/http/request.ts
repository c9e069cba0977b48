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

/** Name=value pairs as URLs and forms have them. `INVALID_PARAMETER` for a repeated name or a malformed escape. */
export const parsePairs = (text: string): Parameters => {
  if (text === '') return empty
  const pairs = new Map<string, string>()
  for (const pair of text.split('&')) {
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

/** The query parameters of a request target. */
export const queryOf = (url: string): Parameters => {
  const mark = url.indexOf('?')
  if (mark === -1) return empty
  const hash = url.indexOf('#', mark)
  return parsePairs(url.slice(mark + 1, hash === -1 ? undefined : hash))
}
