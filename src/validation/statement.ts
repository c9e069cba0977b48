import type { Problem } from '../errors.ts'
import {
  type Activity,
  contextActivityKinds,
  isActivity,
  isSubStatement,
  type Statement,
  type SubStatement
} from '../xapi/statement.ts'
import type { Version } from '../xapi/version.ts'
import { explain, type Fault } from './explain.ts'
import { everyError, firstError } from './registry.ts'
import { findRepeatedComponent } from './rules/distinct-components.ts'
import { findScoreOutOfRange } from './rules/score-range.ts'
import { findIllFormed } from './rules/well-formed.ts'
import { hasMoreValuesThan } from './size.ts'

/** A statement of up to this many values is validated a second time, to name all its problems. */
const mostValues = 2000

const moved = (fault: Fault, pointer: string): Fault => ({ ...fault, pointer: pointer + fault.pointer })

function* activitiesOf(part: Statement | SubStatement): Generator<readonly [pointer: string, activity: Activity]> {
  if (isActivity(part.object)) yield ['/object', part.object]
  const all = part.context?.contextActivities
  if (all === undefined) return
  for (const kind of contextActivityKinds) {
    const value = all[kind]
    if (value === undefined) continue
    const pointer = `/context/contextActivities/${kind}`
    if ('id' in value) yield [pointer, value]
    else for (const [position, activity] of value.entries()) yield [`${pointer}/${position}`, activity]
  }
}

const findBrokenRules = (part: Statement | SubStatement): Fault[] => {
  const faults: Fault[] = []
  const score = part.result?.score
  const outOfRange = score && findScoreOutOfRange(score)
  if (outOfRange) faults.push(moved(outOfRange, '/result/score'))
  for (const [pointer, { definition }] of activitiesOf(part)) {
    const repeated = definition && findRepeatedComponent(definition)
    if (repeated) faults.push(moved(repeated, `${pointer}/definition`))
  }
  if (isSubStatement(part.object))
    for (const fault of findBrokenRules(part.object)) faults.push(moved(fault, '/object'))
  return faults
}

/** The problems of a value that is well-formed (`findIllFormed`). */
export const validateWellFormed = (value: unknown, version: Version): readonly Fault[] => {
  const first = firstError(value, 'statement', version)
  if (first.length > 0) {
    return explain(hasMoreValuesThan(value, mostValues) ? first : everyError(value, 'statement', version))
  }
  // The schema has just accepted it.
  return findBrokenRules(value as Statement)
}

const findFaults = (value: unknown, version: Version): readonly Fault[] => {
  const illFormed = findIllFormed(value)
  return illFormed === undefined ? validateWellFormed(value, version) : [illFormed]
}

/**
 * The problems of parsed JSON that should be a statement of this version: a few, each with its JSON pointer. None if it is valid. `index`
 * is its position in the batch. Never throws, whatever the value is.
 */
export const validateStatement = (value: unknown, version: Version, index = 0): readonly Problem[] =>
  findFaults(value, version).map((fault) => ({ index, ...fault }))
