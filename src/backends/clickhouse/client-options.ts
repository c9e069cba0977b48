import { json, type Kind } from '../../settings/kinds.ts'

/** Settings of ClickHouse by name, as in the query string of a request. */
export type ClientOptions = Readonly<Record<string, string>>

/**
 * The options of document 000. They are sent if the server knows them. If an operator sets other options, these are no longer sent unless
 * the operator sets them too.
 */
export const impliedOptions: ClientOptions = {
  date_time_input_format: 'best_effort',
  allow_experimental_object_type: '1'
}

const name = /^[A-Za-z_][A-Za-z0-9_]*$/

const fromObject = (object: object): ClientOptions | undefined => {
  const entries = Object.entries(object).map(([key, value]: [string, unknown]) => [
    key,
    typeof value === 'boolean' ? String(Number(value)) : value
  ])
  return entries.every(([key, value]) => name.test(String(key)) && ['string', 'number'].includes(typeof value))
    ? Object.fromEntries(entries.map(([key, value]) => [key, String(value)]))
    : undefined
}

/** ClickHouse reads a Bool as 0 or 1 in every version. */
const words: ReadonlyMap<string, string> = new Map([
  ['true', '1'],
  ['false', '0']
])

const fromPairs = (text: string): ClientOptions | undefined => {
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()))
  return pairs.every(([key = '', value, ...rest]) => name.test(key) && value !== undefined && rest.length === 0)
    ? Object.fromEntries(pairs.map(([key, value = '']) => [key, words.get(value.toLowerCase()) ?? value]))
    : undefined
}

export const clientOptions: Kind<ClientOptions> = {
  expected: 'key=value pairs separated by commas, e.g. foo=bar,bar=2, or a JSON object',
  parse: (value) => {
    if (!value.trimStart().startsWith('{')) return fromPairs(value)
    const object = json.parse(value)
    return object === undefined ? undefined : fromObject(object)
  }
}
