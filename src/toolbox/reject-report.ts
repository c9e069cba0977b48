import type { Fault } from '../validation/explain.ts'
import type { BadLine } from './records.ts'

const isObjectText = (text: string): boolean => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

/**
 * A line of a report of rejects: number and reason, and the record as it came. A text that is no JSON object stands
 * there as a string, and what cannot be shown is left out. `ralph extract -p report` gives the records back, byte for
 * byte. `problems` says what is wrong with a record for a machine.
 */
export const formatReject = ({ line, reason, text }: BadLine, problems: readonly Fault[] = []): string => {
  const record = text === undefined ? '' : `,"record":${isObjectText(text) ? text : JSON.stringify(text)}`
  const told = problems.length === 0 ? '' : `,"problems":${JSON.stringify(problems)}`
  return `{"line":${line},"reason":${JSON.stringify(reason)}${told}${record}}\n`
}
