import { type ErrorCode, RalphError } from '../../errors.ts'

const codes: { readonly [systemCode: string]: { readonly code: ErrorCode; readonly advice: string } } = {
  ENOSPC: { code: 'STORE_FULL', advice: 'the disk is full: free some space' },
  EDQUOT: { code: 'STORE_FULL', advice: 'the disk quota is used up: raise it or free some space' },
  EFBIG: { code: 'STORE_FULL', advice: 'the file has reached the size limit: raise the limit' },
  EROFS: { code: 'STORE_FULL', advice: 'the file system is read-only: mount it for writing' },
  EACCES: { code: 'STORE_FULL', advice: 'it is not writable: change its permissions' },
  EPERM: { code: 'STORE_FULL', advice: 'it is not writable: change its permissions' },
  EIO: { code: 'STORE_FULL', advice: 'the disk cannot read or write: repair it' },
  ENOTDIR: { code: 'STORE_UNAVAILABLE', advice: 'a part of the path is not a directory' },
  EISDIR: { code: 'STORE_UNAVAILABLE', advice: 'it is a directory' },
  ENOENT: { code: 'STORE_UNAVAILABLE', advice: 'it is missing: restore it, then start again' },
  EBADF: { code: 'STORE_UNAVAILABLE', advice: 'it is being closed' },
  EMFILE: { code: 'STORE_UNAVAILABLE', advice: 'this process has too many files open: raise the limit' },
  ENFILE: { code: 'STORE_UNAVAILABLE', advice: 'the machine has too many files open' }
}

const systemCodeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Translates an error of the operating system into a RalphError. Returns any other error unchanged. */
export const translateError = (error: unknown, path: string): unknown => {
  if (error instanceof RalphError) return error
  const known = codes[systemCodeOf(error)]
  return known ? new RalphError(known.code, `${path}: ${known.advice}`, { path }, { cause: error }) : error
}
