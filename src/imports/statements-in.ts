import type { DeliveredStatement } from '../contracts/imports.ts'
import { onOneLine } from '../json/exact.ts'
import { isObject } from '../json/values.ts'

/** Undefined: it is not a statement, or has no id. */
const asStatement = (value: unknown, text: string): DeliveredStatement | undefined => {
  if (!isObject(value) || typeof value.id !== 'string') return undefined
  if (!('actor' in value && 'verb' in value && 'object' in value)) return undefined
  return { text: onOneLine(text.trim()), id: value.id.toLowerCase() }
}

/**
 * The statements of data that is only statements: one, or one a line, each with its id. Undefined: it is something else, for the
 * pipeline of imports.
 */
export const statementsIn = (data: string): readonly DeliveredStatement[] | undefined => {
  const statements: DeliveredStatement[] = []
  const add = (text: string): boolean => {
    const statement = asStatement(JSON.parse(text), text)
    if (statement !== undefined) statements.push(statement)
    return statement !== undefined
  }
  try {
    return add(data) ? statements : undefined
  } catch {
    // It may have several lines.
  }
  try {
    for (const line of data.split('\n')) if (line.trim() !== '' && !add(line)) return undefined
    return statements.length === 0 ? undefined : statements
  } catch {
    return undefined
  }
}
