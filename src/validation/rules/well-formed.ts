import type { Fault } from '../explain.ts'
import { pointTo } from '../pointer.ts'

/** How many arrays and objects may stand within each other. A statement without extensions needs ten. */
export const maxDepth = 100

const tooDeep: Fault = {
  pointer: '',
  rule: 'maxDepth',
  expected: `at most ${maxDepth} arrays and objects within each other`
}
const loneSurrogate: Fault = {
  pointer: '',
  rule: 'noLoneSurrogates',
  expected: 'Unicode text: half of a surrogate pair stands for no character'
}

const infinite: Fault = { pointer: '', rule: 'finiteNumbers', expected: 'a number that a double can hold' }

const within = (fault: Fault, key: string | number): Fault => ({ ...fault, pointer: pointTo('', key) + fault.pointer })

/**
 * What holds at every depth, in extensions too: text that UTF-8 can carry, numbers that are printed again as they were
 * read and not as null, and no more nesting than whatever reads the statement later can follow. Undefined when it holds.
 */
export const findIllFormed = (value: unknown, depth = 0): Fault | undefined => {
  if (typeof value === 'string') return value.isWellFormed() ? undefined : loneSurrogate
  // `JSON.parse` makes Infinity of 1E400.
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
