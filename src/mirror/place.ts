import { mkdirSync, type Stats, statSync } from 'node:fs'
import { asWriteError } from '../durability/write-whole.ts'
import { codeOf, messageOf, RalphError } from '../errors.ts'
import type { CachedArchive } from './archive-cache.ts'
import { addFile, createChecksum } from './checksum.ts'
import type { Mirror } from './mirror-options.ts'
import { isFileName } from './names.ts'

/** `STREAM/FILE`, the name of an archive in messages. If two have one name, the later one has its id before it. */
export const nameOf = ({ stream, filename, id, ownsName }: CachedArchive): string =>
  `${stream}/${ownsName ? filename : `${id}.${filename}`}`

/** The file of an archive. */
export const fileOf = (directory: string, archive: CachedArchive): string => `${directory}/${nameOf(archive)}`

/** Whether its name, and the id that may come before it, stay in the directory. */
export const isSafe = ({ filename, id }: Pick<CachedArchive, 'filename' | 'id'>): boolean =>
  isFileName(filename) && isFileName(`${id}.${filename}`)

/** An error of the disk, as an error of Ralph. */
export const diskError = (path: string, cause: unknown): RalphError => {
  const known = asWriteError(cause, path)
  if (known instanceof RalphError) return known
  return new RalphError('STORE_UNAVAILABLE', `${path}: ${messageOf(cause)}`, {}, { cause })
}

/** Creates the directory of a stream. */
export const makeDirectory = ({ directory, log }: Mirror, stream: string): void => {
  const path = `${directory}/${stream}`
  try {
    if (mkdirSync(path, { recursive: true }) !== undefined) log.info(`Directory ${path} created`)
  } catch (error) {
    throw diskError(path, error)
  }
}

const statusOf = (file: string): Stats | undefined => {
  try {
    const found = statSync(file, { throwIfNoEntry: false })
    return found?.isFile() ? found : undefined
  } catch (error) {
    throw diskError(file, error)
  }
}

/** What is at the place of an archive, judged by its size: `other` has another size. */
export const lookAt = (directory: string, archive: CachedArchive): 'missing' | 'there' | 'decrypted' | 'other' => {
  const file = fileOf(directory, archive)
  const found = statusOf(file)
  if (found !== undefined) return archive.size === undefined || found.size === archive.size ? 'there' : 'other'
  // ldp-mirror 0.2 decrypts `x.gz.pgp` into `x.gz`, and keeps only that.
  const plain = file.replace(/\.pgp$/, '')
  return plain !== file && statusOf(plain) !== undefined ? 'decrypted' : 'missing'
}

/** Whether a file is the archive, byte by byte. */
export const isWhole = async (file: string, archive: CachedArchive, signal: AbortSignal): Promise<boolean> => {
  const checksum = createChecksum(archive)
  try {
    await addFile(checksum, file, signal)
  } catch (error) {
    signal.throwIfAborted()
    if (codeOf(error) === 'ENOENT') return false
    throw diskError(file, error)
  }
  return checksum.holds()
}
