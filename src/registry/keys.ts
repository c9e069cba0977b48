import { RalphError } from '../errors.ts'

/** A key without slashes at its ends and without empty names. `INVALID_PARAMETER` for what no provider takes. */
export const normalizedKey = (key: string): string => {
  const names = key.split('/').filter((name) => name !== '')
  if (names.length === 0) throw new RalphError('INVALID_PARAMETER', 'the key is empty', { key })
  // Names that ZooKeeper has another meaning for, and what it refuses in a path.
  const bad = names.find((name) => name === '.' || name === '..' || /\p{Cc}|\p{Cs}/u.test(name))
  if (bad === undefined) return names.join('/')
  throw new RalphError(
    'INVALID_PARAMETER',
    `the key ${JSON.stringify(key)} has the name ${JSON.stringify(bad)}, which a key cannot have`,
    { key }
  )
}

/** A directory; '' is all of the bucket. */
export const normalizedDirectory = (directory: string): string =>
  directory.split('/').every((name) => name === '') ? '' : normalizedKey(directory)

export const notFound = (key: string): RalphError => new RalphError('KEY_NOT_FOUND', `there is no key ${key}`, { key })

export const nothingBelow = (directory: string): RalphError =>
  new RalphError('KEY_NOT_FOUND', `there is nothing below ${directory || '/'}`, { key: directory })

export const alreadyThere = (key: string): RalphError =>
  new RalphError('KEY_EXISTS', `the key ${key} is there already`, { key })

export const modified = (key: string): RalphError =>
  new RalphError('KEY_MODIFIED', `the key ${key} was changed or deleted meanwhile`, { key })

export const noPrevious = (key: string): RalphError =>
  new RalphError('PREVIOUS_NOT_SPECIFIED', `to delete ${key} atomically, say which value is to be deleted`, { key })

export const heldAlready = (key: string): RalphError =>
  new RalphError('CANNOT_LOCK', `this lock of ${key} is held already`, { key })

export const waitEnded = (key: string): RalphError =>
  new RalphError('CANNOT_LOCK', `the lock of ${key} was not got: somebody else holds it`, { key })

/** By UTF-16 code units, the same on every machine. */
export const byKey = (one: { readonly key: string }, other: { readonly key: string }): number =>
  one.key < other.key ? -1 : one.key > other.key ? 1 : 0
