import { messageOf, RalphError } from '../errors.ts'
import { isObject } from '../json/values.ts'

/** What a key of a query must be: words for the message, and a check. */
export interface QueryKey {
  /** For example `a whole number`. It follows "must be". */
  readonly expected: string
  readonly judge: (value: unknown) => boolean
}

export const queryKeys = {
  object: { expected: 'an object', judge: isObject },
  text: { expected: 'a text', judge: (value: unknown): boolean => typeof value === 'string' },
  count: {
    expected: 'a whole number, at least 1',
    judge: (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 1
  },
  truth: { expected: 'true or false', judge: (value: unknown): boolean => typeof value === 'boolean' },
  anything: { expected: 'anything', judge: (): boolean => true }
} as const satisfies { readonly [name: string]: QueryKey }

/**
 * What the help of `ralph read` says of a query with these keys. A note follows the key that it is about: `limit (of a page)`.
 */
export const queryHelp = (
  keys: { readonly [key: string]: QueryKey },
  notes: { readonly [key: string]: string } = {}
): string => {
  const words = Object.keys(keys).map((key) => (notes[key] === undefined ? key : `${key} (${notes[key]})`))
  return `JSON with ${words.join(', ')}`
}

/**
 * The query of `ralph read` as a JSON object with these keys. Undefined text is an empty query. Throws `INVALID_QUERY`, which names the
 * wrong or unknown key.
 */
export const parseJsonQuery = (
  query: string | undefined,
  keys: { readonly [key: string]: QueryKey }
): { readonly [key: string]: unknown } => {
  if (query === undefined || query.trim() === '') return {}
  const refuse = (reason: string, cause?: unknown): RalphError =>
    new RalphError('INVALID_QUERY', `The query ${reason}; its keys are ${Object.keys(keys).join(', ')}`, {}, { cause })
  let parsed: unknown
  try {
    parsed = JSON.parse(query)
  } catch (error) {
    throw refuse(`is not valid JSON (${messageOf(error)})`, error)
  }
  if (!isObject(parsed)) throw refuse('must be a JSON object')
  for (const [key, value] of Object.entries(parsed)) {
    const known = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (known === undefined) throw refuse(`has an unknown key ${JSON.stringify(key)}`)
    if (!known.judge(value)) throw refuse(`has ${JSON.stringify(key)}, which must be ${known.expected}`)
  }
  return parsed
}
