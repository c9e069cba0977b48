import { messageOf, RalphError } from '../errors.ts'

export const damaged = (path: string, reason: string, cause?: unknown): RalphError =>
  new RalphError('INVALID_ARCHIVE', `${path} is cut off or damaged: ${reason}`, { entry: path }, { cause })

/** Translates an error of a library or a decoder. Errors of files, and Ralph's own, stay as they are. */
export const asArchiveError = (error: unknown, path: string): unknown => {
  if (error instanceof RalphError) {
    return error.code === 'INVALID_INPUT' ? damaged(path, error.message, error) : error
  }
  if (!(error instanceof Error) || 'syscall' in error || error.name === 'AbortError') return error
  return damaged(path, messageOf(error), error)
}

/** The same items. Their errors name the archive. */
export async function* sayingWhere<Item>(
  items: AsyncIterable<Item>,
  path: string
): AsyncGenerator<Item, void, undefined> {
  try {
    yield* items
  } catch (error) {
    throw asArchiveError(error, path)
  }
}

const traversal = /(^|[\\/])\.\.([\\/]|$)/
const absolute = /^([\\/]|[a-z]:)/i

/** Throws `UNSAFE_PATH`. Nothing is written under the names of entries, but an entry with such a name is an attack. */
export const requireSafePath = (name: string, archive: string): void => {
  if (!traversal.test(name) && !absolute.test(name) && !name.includes('\0')) return
  throw new RalphError('UNSAFE_PATH', `${archive} has an entry whose path leads out of it: ${JSON.stringify(name)}`, {
    entry: name
  })
}

/** Throws `UNSAFE_LINK`. */
export const refuseLink = (name: string, kind: string, archive: string): never => {
  throw new RalphError('UNSAFE_LINK', `${archive} has an entry that is a ${kind}: ${JSON.stringify(name)}`, {
    entry: name
  })
}
