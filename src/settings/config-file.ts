import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { messageOf, RalphError } from '../errors.ts'
import { type Environment, substituteVariables } from './substitution.ts'

const wrong = (path: string, problem: string): RalphError =>
  new RalphError('INVALID_SETTING', `RALPH_CONFIG (${path}): ${problem}`, { file: path })

/** The key in the file, such as `uploadmanager.target` for RALPH_UPLOADMANAGER__TARGET. */
export const keyOf = (variable: string): string =>
  variable
    .replace(/^RALPH_/, '')
    .replaceAll('__', '.')
    .toLowerCase()

const variableOf = (keys: readonly string[]): string =>
  `RALPH_${keys.map((key) => key.replaceAll('-', '_').toUpperCase()).join('__')}`

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A block may be written as a list of maps with one key each. Any other list is the value of a setting. */
const isBlockList = (value: unknown): value is readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) && value.length > 0 && value.every(isMap)

/** `- max_message_size: 500mb` in a list becomes the string `max_message_size: 500mb`. */
const asText = (each: unknown): unknown => {
  if (!isMap(each)) return each
  const [pair, ...others] = Object.entries(each)
  if (pair === undefined || others.length > 0 || typeof pair[1] === 'object') return each
  return `${pair[0]}: ${pair[1]}`
}

/** A name whose value is always a list, even if each of its entries is a map. */
const isNamedList = (keys: readonly string[]): boolean => keys.at(-1) === 'middleware'

/**
 * The settings of a YAML file, by their variables: `uploadmanager: {target: …}` is RALPH_UPLOADMANAGER__TARGET. Strings may
 * contain variables of the environment (`substituteVariables`).
 */
export const readConfigFile = (path: string, environment: Environment): ReadonlyMap<string, string> => {
  const values = new Map<string, string>()

  const substitute = (text: string, key: string): string =>
    substituteVariables(text, environment, (name) => wrong(path, `${key} needs the variable ${name}, which is not set`))

  const take = (keys: readonly string[], value: unknown): void => {
    if (value === null || value === undefined) return
    if (isMap(value)) {
      for (const [key, inner] of Object.entries(value)) take([...keys, key], inner)
    } else if (isBlockList(value) && !isNamedList(keys)) {
      for (const each of value) take(keys, each)
    } else {
      const variable = variableOf(keys)
      const key = keyOf(variable)
      if (values.has(variable)) throw wrong(path, `${key} is given twice`)
      const entries = Array.isArray(value) ? (isNamedList(keys) ? value.map(asText) : value) : [value]
      const texts = entries.map((each) => {
        if (isMap(each) || Array.isArray(each))
          throw wrong(path, `${key} must be a string, a number or a list of these`)
        return substitute(String(each), key)
      })
      values.set(variable, Array.isArray(value) ? JSON.stringify(texts) : (texts[0] ?? ''))
    }
  }

  try {
    // The parser is loaded only if there is such a file.
    const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml')
    const document: unknown = parse(readFileSync(path, 'utf8'), { maxAliasCount: 100 })
    if (document !== null && !isMap(document))
      throw wrong(path, 'the file must contain blocks of settings, such as uploadmanager:')
    take([], document)
  } catch (error) {
    throw error instanceof RalphError ? error : wrong(path, messageOf(error))
  }
  return values
}
