import { BSON, MongoError, MongoServerError } from 'mongodb'
import { type ErrorCode, messageOf, RalphError } from '../../../errors.ts'
import { translateError } from '../errors.ts'

/** The codes with which the server refuses a user (mongodb: error_codes.yml). */
const refusals: ReadonlyMap<unknown, ErrorCode> = new Map([
  [13, 'FORBIDDEN'],
  [18, 'UNAUTHENTICATED'],
  [8000, 'UNAUTHENTICATED']
])

/** Translates an error of the driver into a RalphError. `wrong` is the code for a mistake in the request itself. */
export const asError = (error: unknown, wrong: 'INVALID_QUERY' | 'INVALID_INPUT' = 'INVALID_QUERY'): unknown => {
  const translated = translateError(error)
  const cause = translated instanceof RalphError ? translated.cause : translated
  if (cause instanceof MongoServerError) {
    const code = refusals.get(cause.code)
    if (code !== undefined) {
      return new RalphError(code, `MongoDB refuses the user of CONNECTION_URI: ${messageOf(cause)}`, {}, { cause })
    }
  }
  if (translated instanceof RalphError) return translated
  if (translated instanceof MongoError || translated instanceof BSON.BSONError) {
    return new RalphError(wrong, `MongoDB does not understand the request: ${messageOf(translated)}`, {}, { cause })
  }
  return translated
}

export const asking = async <Result>(
  work: () => Promise<Result>,
  wrong?: 'INVALID_QUERY' | 'INVALID_INPUT'
): Promise<Result> => {
  try {
    return await work()
  } catch (error) {
    throw asError(error, wrong)
  }
}
