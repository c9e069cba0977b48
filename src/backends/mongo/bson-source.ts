import { BSON } from 'mongodb'
import type { Json } from '../../xapi/statement.ts'

/** The deepest nesting of objects and lists, with the document itself (MongoDB: Limits, Nested Depth). */
const maxDepth = 100

/** A statement is two levels down: `{_source: {…}}`. */
const sourceDepth = 2

/** The driver mistakes an object with this key for one of its own types. */
const driverKey = '_bsontype'

const isKey = (key: string): boolean => key !== driverKey && !key.includes('\0')

const isObject = (value: Json): value is { readonly [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isHoldable = (value: Json, depth: number): boolean => {
  if (typeof value !== 'object' || value === null) return true
  if (depth > maxDepth) return false
  if (Array.isArray(value)) return value.every((each: Json) => isHoldable(each, depth + 1))
  const members = value as { readonly [key: string]: Json }
  // JSON.parse makes own properties only.
  for (const key in members) {
    if (!isKey(key)) return false
    const member = members[key]
    if (member !== undefined && !isHoldable(member, depth + 1)) return false
  }
  return true
}

/** Replaces each part that BSON cannot hold with its JSON text. The rest stays as it is. */
const held = (value: Json, depth: number): Json => {
  if (typeof value !== 'object' || value === null) return value
  if (depth > maxDepth) return JSON.stringify(value)
  if (!isObject(value)) return (value as readonly Json[]).map((each) => held(each, depth + 1))
  if (!Object.keys(value).every(isKey)) return JSON.stringify(value)
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, held(each, depth + 1)]))
}

/**
 * A statement in the form that BSON can hold. Nearly always this is the statement itself. JSON allows deeper nesting and other keys than
 * BSON. Python Ralph reads this form and finds the JSON text of such a part in its place. Our own readers get the text of the whole
 * statement.
 */
export const bsonSource = (statement: object): object => {
  // Parsed from JSON.
  const json = statement as unknown as Json
  return isHoldable(json, sourceDepth) ? statement : (held(json, sourceDepth) as object)
}

/** The largest property of a statement, in bytes, that a document has room for. */
const maxMember = 1_000_000

/** A statement that is too large for a document, without its large properties. Our own readers get the whole text. */
export const shortened = (source: object): object =>
  Object.fromEntries(
    Object.entries(source).flatMap(([key, value]: [string, unknown]) => {
      if (BSON.calculateObjectSize({ value }) <= maxMember) return [[key, value]]
      if (key !== 'object' || typeof value !== 'object' || value === null) return []
      // Python Ralph finds statements by it.
      return [
        [key, Object.fromEntries(Object.entries(value).filter(([name]) => name === 'id' || name === 'objectType'))]
      ]
    })
  )
