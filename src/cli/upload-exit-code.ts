import { type ErrorCode, RalphError } from '../errors.ts'

/**
 * The exit codes of `ralph upload`, one for each cause. docs/uploads.md has the table. A cause that `ralph mirror` has too has
 * the same code.
 */
export const uploadExitCodes = {
  0: 'every file is at the server; with `--wait` every import is DONE',
  1: 'something failed that has no code of its own: the message says what',
  2: 'the command was called or configured wrongly',
  3: '`--wait`: an import ended as FAILED or SKIPPED',
  4: 'a file cannot be read, or changed while it was sent; the others were sent',
  5: 'the server refuses a file: it is too large, or arrived damaged; the others were sent',
  7: 'the server refuses the credentials, or the user lacks the scope',
  8: 'the server is unreachable, or does not accept uploads: the same command continues later',
  9: 'the disk of the server is full: the same command continues later'
} as const

export type UploadExitCode = keyof typeof uploadExitCodes

const ofErrors: { readonly [code in ErrorCode]?: UploadExitCode } = {
  USAGE: 2,
  INVALID_SETTING: 2,
  INVALID_INPUT: 4,
  ARCHIVE_TOO_LARGE: 5,
  CHECKSUM_MISMATCH: 5,
  UNAUTHENTICATED: 7,
  FORBIDDEN: 7,
  STORE_UNAVAILABLE: 8,
  STORE_IN_USE: 8,
  OVERLOADED: 8,
  NOT_FOUND: 8,
  STORE_FULL: 9
}

/** For the error that ended an upload. */
export const uploadExitCodeOf = (error: unknown): UploadExitCode =>
  error instanceof RalphError ? (ofErrors[error.code] ?? 1) : 1

/** Whether the error concerns one file only, so that others can still be sent. */
export const isOfOneFile = (code: UploadExitCode): boolean => code === 3 || code === 4 || code === 5
