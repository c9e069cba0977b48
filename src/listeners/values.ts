import type { ConfigBlock } from '../contracts/listeners.ts'
import { RalphError } from '../errors.ts'

/** A place in the configuration, for messages: `pipelines.a.database`. */
const wrong = (place: string, problem: string): RalphError => new RalphError('INVALID_SETTING', `${place} ${problem}`)

export const isBlock = (value: unknown): value is ConfigBlock =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Nothing is an empty block. */
export const blockAt = (block: ConfigBlock, key: string, place: string): ConfigBlock => {
  const value = block[key] ?? {}
  if (!isBlock(value)) throw wrong(`${place}.${key}`, 'must be a block')
  return value
}

export const textAt = (block: ConfigBlock, key: string, place: string, byDefault: string): string => {
  const value = block[key] ?? byDefault
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw wrong(`${place}.${key}`, 'must be a text')
}

/** Undefined: it is not there, or empty. */
export const optionalTextAt = (block: ConfigBlock, key: string, place: string): string | undefined =>
  textAt(block, key, place, '') || undefined

/** `5432` and `'5432'` are the same. */
export const numberAt = (
  block: ConfigBlock,
  key: string,
  place: string,
  { byDefault, least = 0 }: { readonly byDefault: number; readonly least?: number }
): number => {
  const value = block[key] ?? byDefault
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number === 'number' && Number.isFinite(number) && number >= least) return number
  throw wrong(`${place}.${key}`, `must be a number, at least ${least}`)
}

/** `true` and `'true'` are the same; `'false'` is false. */
export const booleanAt = (block: ConfigBlock, key: string, place: string, byDefault: boolean): boolean => {
  const word = String(block[key] ?? byDefault).toLowerCase()
  if (['true', 'yes', 'on', '1'].includes(word)) return true
  if (['false', 'no', 'off', '0'].includes(word)) return false
  throw wrong(`${place}.${key}`, 'must be true or false')
}

/** Undefined: there is no such list. */
export const textsAt = (block: ConfigBlock, key: string, place: string): readonly string[] | undefined => {
  const value = block[key]
  if (value === undefined || value === null) return undefined
  const texts: readonly unknown[] = Array.isArray(value) ? value : [value]
  if (texts.every((each) => typeof each === 'string')) return texts
  throw wrong(`${place}.${key}`, 'must be a list of texts')
}
