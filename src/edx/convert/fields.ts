import { RalphError } from '../../errors.ts'
import type { Json, JsonObject } from '../../xapi/statement.ts'
import { isObject } from '../json.ts'

/** A part of an event, and where it stands in it. Keys that are asked for have no `/` and no `~`. */
export interface EventPart {
  readonly value: JsonObject
  /** JSON pointer. */
  readonly at: string
}

/** That a field is not what it should be: JSON pointer and rule, for a person who has the event before them. */
export const wrongField = (pointer: string, expected: string): RalphError =>
  new RalphError('INVALID_INPUT', `${pointer === '' ? 'the event' : pointer} should be ${expected}`, {
    pointer,
    expected
  })

const wrong = ({ at }: EventPart, key: string, expected: string): RalphError => wrongField(`${at}/${key}`, expected)

/** Own fields only: an event may be silent about what every object has. */
const fieldOf = ({ value }: EventPart, key: string): Json | undefined =>
  Object.hasOwn(value, key) ? value[key] : undefined

/** Numbers are taken for text, as they are met where ids are expected. Undefined: missing, null or ''. */
export const textOf = (part: EventPart, key: string): string | undefined => {
  const found = fieldOf(part, key)
  if (found === undefined || found === null || found === '') return undefined
  if (typeof found === 'string') return found.isWellFormed() ? found : found.toWellFormed()
  if (typeof found === 'number') return String(found)
  throw wrong(part, key, 'a text')
}

export const requireText = (part: EventPart, key: string): string => {
  const found = textOf(part, key)
  if (found === undefined) throw wrong(part, key, 'a text that is not empty')
  return found
}

const decimal = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\s*$/

/** Undefined: missing, null or ''. */
export const numberOf = (part: EventPart, key: string): number | undefined => {
  const found = fieldOf(part, key)
  if (found === undefined || found === null || found === '') return undefined
  const read = typeof found === 'string' && decimal.test(found) ? Number(found) : found
  if (typeof read === 'number' && Number.isFinite(read)) return read
  throw wrong(part, key, 'a number')
}

/** A number that is not negative. */
export const amountOf = (part: EventPart, key: string): number | undefined => {
  const found = numberOf(part, key)
  if (found !== undefined && found < 0) throw wrong(part, key, 'a number from 0 up')
  return found
}

/** Undefined: missing, or not true or false in any spelling. */
export const truthOf = (part: EventPart, key: string): boolean | undefined => {
  const found = fieldOf(part, key)
  if (typeof found === 'boolean') return found
  if (typeof found !== 'string') return undefined
  const word = found.toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}

/** An object within another; one without fields where there is none. */
export const partOf = (part: EventPart, key: string): EventPart => {
  const found = fieldOf(part, key)
  const at = `${part.at}/${key}`
  if (isObject(found)) return { value: found, at }
  if (found === undefined || found === null || found === '') return { value: {}, at }
  throw wrongField(at, 'an object')
}

/** The elements of a list; none where there is no list. */
export const listOf = (part: EventPart, key: string): readonly Json[] => {
  const found = fieldOf(part, key)
  return Array.isArray(found) ? found : []
}

/** How several answers stand in one text, as interactions of xAPI have it (Data §2.4.4.1). */
const between = '[,]'

/** What a learner gave as an answer, as one text; undefined for nothing. */
export const answerText = (answer: Json | undefined): string | undefined => {
  if (answer === undefined || answer === null) return undefined
  if (typeof answer === 'string') return answer.toWellFormed()
  if (typeof answer !== 'object') return String(answer)
  const values: readonly Json[] = Array.isArray(answer) ? answer : Object.values(answer)
  const texts = values.flatMap((each) => {
    const text = typeof each === 'object' && each !== null ? JSON.stringify(each).toWellFormed() : answerText(each)
    return text === undefined ? [] : [text]
  })
  return texts.length === 0 ? undefined : texts.join(between)
}

/** The answer in a field. */
export const answerOf = (part: EventPart, key: string): string | undefined => answerText(fieldOf(part, key))
