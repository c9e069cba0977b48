import { headerText, json, type Kind } from '../../settings/kinds.ts'

export type HeaderList = Readonly<Record<string, string>>

/** The names of two headers in the settings of Python Ralph. */
const named: ReadonlyMap<string, string> = new Map([
  ['x_experience_api_version', 'X-Experience-API-Version'],
  ['content_type', 'Content-Type']
])

const fromPairs = (text: string): readonly (readonly [string, unknown])[] | undefined => {
  const pairs = text.split(',').map((pair): [string, string | undefined] => {
    const at = pair.indexOf('=')
    return at < 0 ? [pair.trim(), undefined] : [pair.slice(0, at).trim(), pair.slice(at + 1).trim()]
  })
  return pairs.every(([, value]) => value !== undefined) ? pairs : undefined
}

const token = /^[\w!#$%&'*+.^`|~-]+$/

const isHeader = (name: string, value: unknown): value is string =>
  token.test(name) && typeof value === 'string' && headerText.parse(value) !== undefined

/** `key=value` pairs. A value may contain `=`, as tokens do. It must not contain a comma: JSON is for that. */
export const headerList: Kind<HeaderList> = {
  expected: 'key=value pairs of headers separated by commas, or a JSON object of texts',
  parse: (text) => {
    const pairs = text.trimStart().startsWith('{') ? Object.entries(json.parse(text) ?? { '': 0 }) : fromPairs(text)
    if (pairs === undefined) return undefined
    const headers: Record<string, string> = {}
    for (const [key, value] of pairs) {
      const name = named.get(key.toLowerCase()) ?? key
      if (!isHeader(name, value)) return undefined
      headers[name] = value
    }
    return headers
  }
}

/** Later lists win. Upper and lower case of a name mean the same. */
export const mergeHeaders = (...lists: readonly HeaderList[]): Headers => {
  const headers = new Headers()
  for (const list of lists) for (const [name, value] of Object.entries(list)) headers.set(name, value)
  return headers
}
