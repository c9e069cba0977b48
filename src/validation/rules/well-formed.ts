import type { Fault } from '../explain.ts'
import { pointTo } from '../pointer.ts'

/** The most nested arrays and objects. A statement without extensions needs ten. */
export const maxDepth = 100

const tooDeep: Fault = {
  pointer: '',
  rule: 'maxDepth',
  expected: `at most ${maxDepth} arrays and objects within each other`
}
const loneSurrogate: Fault = {
  pointer: '',
  rule: 'noLoneSurrogates',
  expected: 'Unicode text: half of a surrogate pair is not a character'
}

const infinite: Fault = { pointer: '', rule: 'finiteNumbers', expected: 'a number that a double can hold' }

const within = (fault: Fault, key: string | number): Fault => ({ ...fault, pointer: pointTo('', key) + fault.pointer })

/**
 * Checks what must be true at every depth, in extensions too: text that UTF-8 can encode, numbers that are not printed as null, and nesting
 * that any later reader can follow. Undefined if all is well.
 */
export const findIllFormed = (value: unknown, depth = 0): Fault | undefined => {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : loneSurrogate
  // `JSON.parse` turns 1E400 into Infinity.
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : infinite
  if (typeof value !== 'object' || value === null) return undefined
  if (depth === maxDepth) return tooDeep
  if (Array.isArray(value)) {
    for (let position = 0; position < value.length; position += 1) {
      const fault = findIllFormed(value[position], depth + 1)
      if (fault !== undefined) return within(fault, position)
    }
    return undefined
  }
  const members = value as Readonly<Record<string, unknown>>
  for (const key in members) {
    const fault = key.isWellFormed() ? findIllFormed(members[key], depth + 1) : loneSurrogate
    if (fault !== undefined) return within(fault, key)
  }
  return undefined
}
