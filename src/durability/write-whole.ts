import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, RalphError } from '../errors.ts'
import { syncDirectory } from './sync-directory.ts'

const full: { readonly [code: string]: string } = {
  ENOSPC: 'the disk is full: free some space',
  EDQUOT: 'the disk quota is used up: raise it or free some space',
  EFBIG: 'the file has reached the largest size allowed (ulimit -f): raise the limit',
  EROFS: 'the file system is read-only',
  EACCES: 'this user may not write there',
  EIO: 'the disk cannot be written'
}

/** Translates a refusal of the file system into an error of Ralph. Any other error is returned unchanged. */
export const asWriteError = (error: unknown, path: string): unknown => {
  const reason = full[codeOf(error) ?? '']
  if (reason === undefined) return error
  return new RalphError('STORE_FULL', `${path}: ${reason}`, { path }, { cause: error })
}

/** Writes all of a chunk: a disk may take only a part at once. */
export const writeAll = async (file: FileHandle, chunk: Uint8Array): Promise<void> => {
  for (let done = 0; done < chunk.length; ) done += (await file.write(chunk, done)).bytesWritten
}

/** Renames what was written under `partial`, durably. */
export const putInPlace = async (partial: string, path: string): Promise<void> => {
  await rename(partial, path)
  await syncDirectory(dirname(path))
}

/** Writes a file completely and durably, or not at all. Errors of the chunks are thrown. */
export const writeWhole = async (
  path: string,
  chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
): Promise<void> => {
  const partial = `${path}.part`
  try {
    const file = await open(partial, 'w', 0o600)
    try {
      for await (const chunk of chunks) await writeAll(file, chunk)
      await file.sync()
    } finally {
      await file.close()
    }
    await putInPlace(partial, path)
  } catch (error) {
    await rm(partial, { force: true })
    throw asWriteError(error, path)
  }
}
