import type { ErrorObject } from 'ajv/dist/2020.js'
import type { Problem } from '../errors.ts'
import { formats } from './formats/index.ts'
import { pointTo } from './pointer.ts'

/** A problem of a single value, which has no index in a batch. */
export type Fault = Omit<Problem, 'index'>

const typeNames: { readonly [type: string]: string } = {
  object: 'an object',
  array: 'an array',
  string: 'a string',
  number: 'a number',
  integer: 'a whole number',
  boolean: 'true or false'
}

const quoted = (values: readonly unknown[]): string => values.map((value) => `\`${value}\``).join(', ')

const nameOf = (type: unknown): string => {
  const types: readonly unknown[] = Array.isArray(type) ? type : [type]
  return types.map((each) => typeNames[String(each)] ?? String(each)).join(' or ')
}

const unknownProperty = (key: string, known: readonly string[]): string => {
  const meant = known.find((each) => each.toLowerCase() === key.toLowerCase())
  return meant === undefined ? 'no such property' : `no such property; did you mean \`${meant}\`?`
}

const expectedFormat = (name: string, data: unknown): string => {
  const format = formats[name]
  if (format === undefined) return `the format ${name}`
  return typeof data === 'string' && format.expectedInsteadOf !== undefined
    ? format.expectedInsteadOf(data)
    : format.expected
}

const expectedBy = ({ keyword, params, parentSchema, data }: ErrorObject): string => {
  switch (keyword) {
    case 'type':
      return nameOf(params.type)
    case 'format':
      return expectedFormat(params.format, data)
    case 'required':
      return `a property \`${params.missingProperty}\``
    case 'additionalProperties':
      return unknownProperty(params.additionalProperty, Object.keys(parentSchema?.properties ?? {}))
    case 'enum':
      return `one of ${quoted(params.allowedValues)}`
    case 'const':
      return quoted([params.allowedValue])
    case 'minimum':
      return `a number of at least ${params.limit}`
    case 'maximum':
      return `a number of at most ${params.limit}`
    case 'minItems':
      return `an array of at least ${params.limit}`
    case 'maxItems':
      return `an array of at most ${params.limit}`
    case 'minLength':
      return 'a string that is not empty'
    case 'exclusiveMinimum':
      return `a number above ${params.limit}`
    case 'pattern':
      return `a string of the form ${params.pattern}`
    default:
      return `what the schema says of \`${keyword}\``
  }
}

/** Keywords that only say that one of their branches failed. The branch has its own error. */
const wrappers: ReadonlySet<string> = new Set(['if', 'propertyNames'])

/** Within a choice, the rule of the choice says more than why each branch failed. */
const isTelling = ({ keyword, schemaPath }: ErrorObject): boolean =>
  !wrappers.has(keyword) && !/\/(?:oneOf|anyOf)\/\d/.test(schemaPath)

const placeOf = ({ instancePath, keyword, params, propertyName }: ErrorObject): string => {
  if (propertyName !== undefined) return pointTo(instancePath, propertyName)
  return keyword === 'additionalProperties' ? pointTo(instancePath, params.additionalProperty) : instancePath
}

/** `x-rule` or `x-expected` of the schema that a value broke. */
const stated = (schema: ErrorObject['parentSchema'], name: 'x-rule' | 'x-expected'): string | undefined => {
  const text: unknown = schema?.[name]
  return typeof text === 'string' ? text : undefined
}

const toFault = (error: ErrorObject, isStatement: boolean): Fault => {
  const { keyword, data, parentSchema } = error
  const pointer = placeOf(error)
  if (data === null && isStatement) {
    const instead = keyword === 'type' ? nameOf(error.params.type) : 'a value'
    return { pointer, rule: 'noNulls', expected: `${instead}, or no such property: null is for extensions only` }
  }
  const expected = stated(parentSchema, 'x-expected') ?? expectedBy(error)
  const ownRule = keyword === 'format' ? `format/${error.params.format}` : keyword
  return { pointer, rule: stated(parentSchema, 'x-rule') ?? ownRule, expected }
}

/** Only a few: whoever corrects these will see the rest. */
const mostFaults = 10

/**
 * Turns errors of ajv into faults: where, by which rule, and what was expected, each once. For values that are not statements, null is an
 * ordinary value.
 */
export const explain = (errors: readonly ErrorObject[], isStatement = true): readonly Fault[] => {
  const telling = errors.filter(isTelling)
  const faults = new Map<string, Fault>()
  // Every error must give a fault. An invalid value must not look valid because its error is not known here.
  for (const error of telling.length > 0 ? telling : errors) {
    const fault = toFault(error, isStatement)
    const key = `${fault.pointer} ${fault.rule} ${fault.expected}`
    if (!faults.has(key)) faults.set(key, fault)
    if (faults.size === mostFaults) break
  }
  return [...faults.values()]
}
