import { codeOf, type ErrorCode, RalphError } from '../../errors.ts'
import { storeClosed } from '../../storage/closed.ts'

/** Primary result codes of SQLite (sqlite.org/rescode.html). */
const codes: { readonly [resultCode: number]: { readonly code: ErrorCode; readonly advice: string } } = {
  5: { code: 'STORE_UNAVAILABLE', advice: 'another program holds the database locked' },
  6: { code: 'STORE_UNAVAILABLE', advice: 'another program holds the database locked' },
  8: { code: 'STORE_FULL', advice: 'the file or its directory is read-only: make it writable' },
  10: { code: 'STORE_FULL', advice: 'the disk refuses to read or write: free some space or mend it' },
  11: { code: 'STORE_CORRUPT', advice: 'the file is damaged: restore it from a backup' },
  13: { code: 'STORE_FULL', advice: 'the disk is full: free some space' },
  14: { code: 'STORE_FULL', advice: 'the file cannot be opened: check that its directory exists and is writable' },
  26: { code: 'STORE_CORRUPT', advice: 'the file is no SQLite database: move it away or restore it from a backup' }
}

/** The primary result code of an error of `node:sqlite`; undefined for any other error. */
export const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

/** Says in Ralph's terms what the driver threw about the file; anything else is returned as it is. */
export const translateError = (error: unknown, file: string): unknown => {
  // A statement that was prepared cannot be used any more: the connection was closed during a call.
  if (codeOf(error) === 'ERR_INVALID_STATE') return storeClosed(file, error)
  const result = resultCode(error)
  const known = result === undefined ? undefined : codes[result]
  if (!known) return error
  return new RalphError(known.code, `${file}: ${known.advice}`, { path: file }, { cause: error })
}

/** Runs `work`, translating what the driver throws in it. */
export const translating = <T>(file: string, work: () => T): T => {
  try {
    return work()
  } catch (error) {
    throw translateError(error, file)
  }
}
