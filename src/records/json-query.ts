import { messageOf, RalphError } from '../errors.ts'
import { isObject } from '../json/values.ts'

/** What a key of a query must be: a sentence's end and a judge. */
export interface QueryKey {
  /** `a whole number`, as it follows "must be". */
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
 * The query of `ralph read` for a place of records: a JSON object with these keys; undefined: an empty one.
 * `INVALID_QUERY` names the key that is wrong or unknown.
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
    throw refuse(`is no JSON (${messageOf(error)})`, error)
  }
  if (!isObject(parsed)) throw refuse('must be a JSON object')
  for (const [key, value] of Object.entries(parsed)) {
    const known = Object.hasOwn(keys, key) ? keys[key] : undefined
    if (known === undefined) throw refuse(`has an unknown key ${JSON.stringify(key)}`)
    if (!known.judge(value)) throw refuse(`has ${JSON.stringify(key)}, which must be ${known.expected}`)
  }
  return parsed
}
