import { errorCodes, resultCode } from '../../durability/sqlite-result.ts'
import { codeOf, RalphError } from '../../errors.ts'
import { storeClosed } from '../../storage/closed.ts'

/** The advice for each result code. */
const advices: { readonly [resultCode: number]: string } = {
  5: 'another program has locked the database',
  6: 'another program has locked the database',
  8: 'the file or its directory is read-only: make it writable',
  10: 'the disk cannot read or write: free some space or repair it',
  11: 'the file is damaged: restore it from a backup',
  13: 'the disk is full: free some space',
  14: 'the file cannot be opened: check that its directory exists and is writable',
  26: 'the file is not an SQLite database: move it away or restore it from a backup'
}

/** Translates an error of the driver about the file into a RalphError. Returns any other error unchanged. */
export const translateError = (error: unknown, file: string): unknown => {
  // A prepared statement cannot be used any more, because the connection was closed during a call.
  if (codeOf(error) === 'ERR_INVALID_STATE') return storeClosed(file, error)
  const result = resultCode(error)
  const code = result === undefined ? undefined : errorCodes[result]
  if (result === undefined || code === undefined) return error
  return new RalphError(code, `${file}: ${advices[result]}`, { path: file }, { cause: error })
}

/** Runs `work` and translates the errors of the driver. */
export const translating = <T>(file: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    throw translateError(error, file)
  }
}
