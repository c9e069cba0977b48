import type { ErrorCode } from '../errors.ts'

/** The primary result code of an error of `node:sqlite` (sqlite.org/rescode.html). Undefined for any other error. */
export const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

/** What a result code means for a file in which Ralph keeps something. A code that is not listed is a defect of Ralph. */
export const errorCodes: { readonly [resultCode: number]: ErrorCode } = {
  5: 'STORE_UNAVAILABLE',
  6: 'STORE_UNAVAILABLE',
  8: 'STORE_FULL',
  10: 'STORE_FULL',
  11: 'STORE_CORRUPT',
  13: 'STORE_FULL',
  14: 'STORE_FULL',
  26: 'STORE_CORRUPT'
}
