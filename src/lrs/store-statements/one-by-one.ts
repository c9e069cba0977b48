import { RalphError } from '../../errors.ts'
import { normalId } from '../../xapi/statement.ts'
import type { Call } from '../call.ts'
import { mapYielding } from '../yielding.ts'
import { readStatement } from './read.ts'
import { rejectDuplicateIds } from './reject-duplicate-ids.ts'
import { type StorageReport, store } from './store.ts'
import { requireValid, type StatementValidation, type ValidStatement, validateText } from './validate.ts'

const tooMany = (count: number, limit: number): RalphError =>
  new RalphError(
    'TOO_MANY_STATEMENTS',
    `The batch has ${count} statements, and RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST is ${limit}: send them in smaller messages.`,
    { count, limit, setting: 'RALPH_RUNSERVER_MAX_STATEMENTS_PER_REQUEST' }
  )

/** The same error, with the position of its statement. */
const at = (position: number, error: unknown): unknown =>
  error instanceof RalphError
    ? new RalphError(error.code, `Statement ${position}: ${error.message}`, { ...error.details, position })
    : error

const positionOf = (error: RalphError, valid: readonly ValidStatement[]): number | undefined => {
  const { problems, statementId } = error.details
  const [first] = problems ?? []
  if (first !== undefined) return first.index
  return valid.find(({ statement: { id } }) => id !== undefined && normalId(id) === statementId)?.index
}

/** As `at`, for an error that may name its statement in its details. */
const withPosition = (error: unknown, valid: readonly ValidStatement[]): unknown => {
  if (!(error instanceof RalphError)) return error
  const position = positionOf(error, valid)
  return position === undefined
    ? error
    : new RalphError(error.code, error.message, { ...error.details, position }, { cause: error.cause })
}

/**
 * Stores statements that came as one text each (JSON, UTF-8), all or none. `first` is the position of the first one among all that the
 * client sends. Errors name positions (`details.position`), where those of `storeStatements` name indexes.
 */
export const storeOneByOne = async (
  call: Call,
  texts: readonly Uint8Array[],
  first: number
): Promise<StorageReport> => {
  const { rules, version } = call
  if (texts.length > rules.maxStatements) throw tooMany(texts.length, rules.maxStatements)
  let valid: readonly ValidStatement[] = []
  try {
    const judged = await mapYielding([...texts.entries()], async ([index, json]): Promise<StatementValidation> => {
      const position = first + index
      try {
        return await validateText({ ...(await readStatement(json, rules)), index: position }, json, version)
      } catch (error) {
        throw at(position, error)
      }
    })
    valid = requireValid(judged)
    rejectDuplicateIds(valid)
    return await store(call, valid, [])
  } catch (error) {
    throw withPosition(error, valid)
  }
}
