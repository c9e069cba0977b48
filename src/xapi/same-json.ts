import type { Json, JsonObject } from './statement.ts'

export const isJsonObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * Whether two values are the same JSON: the order of keys does not count, the order of arrays does. `__proto__` is an ordinary key. The
 * recursion is as deep as the shallower value.
 */
export const sameJson = (one: Json, other: Json): boolean => {
  if (one === other) return true
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
    return one.every((value, index) => sameJson(value, other[index]))
  }
  return sameMembers(one as JsonObject, other as JsonObject)
}

const sameMembers = (one: JsonObject, other: JsonObject): boolean => {
  const keys = Object.keys(one)
  if (keys.length !== Object.keys(other).length) return false
  for (const key of keys) {
    if (!Object.hasOwn(other, key)) return false
    const [value, counterpart] = [one[key], other[key]]
    if (value === undefined || counterpart === undefined || !sameJson(value, counterpart)) return false
  }
  return true
}

/** A text that is equal for two values exactly when they are the same JSON. */
export const canonicalText = (value: Json): string => {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`
  const members = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalText(member)}`)
  return `{${members.join(',')}}`
}
