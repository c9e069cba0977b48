import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { asWriteError, writeWhole } from '../durability/write-whole.ts'
import { codeOf, messageOf, RalphError } from '../errors.ts'

/** Where uploads that have begun are, so that a later process goes on with them. */
export interface UploadNotes {
  /** Undefined: it has not begun. */
  find(key: string): Promise<URL | undefined>
  note(key: string, upload: URL, file: string): Promise<void>
  forget(key: string): Promise<void>
}

/** The same file of the same content, sent by the same user to the same place for the same purpose. */
export const keyOf = (parts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex')

/** No server keeps what has not ended for so long. */
const oldest = 30 * 86_400_000

/**
 * A file for each, in a directory that is made when it is needed.
 * @param now milliseconds since 1970
 */
export const openNotes = (directory: string, now: () => number): UploadNotes => {
  const fileOf = (key: string): string => join(directory, `${key}.json`)
  const removeOld = async (): Promise<void> => {
    for (const name of await readdir(directory)) {
      const path = join(directory, name)
      const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }))
      if (mtimeMs < now() - oldest) await rm(path, { force: true })
    }
  }
  return {
    find: async (key) => {
      const path = fileOf(key)
      try {
        const { url } = JSON.parse(await readFile(path, 'utf8')) as { readonly url?: unknown }
        return typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined
      } catch (error) {
        if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
        throw new RalphError('STORE_UNAVAILABLE', `${path} cannot be read: ${messageOf(error)}`, {}, { cause: error })
      }
    },
    note: async (key, upload, file) => {
      try {
        await mkdir(directory, { recursive: true, mode: 0o700 })
        await removeOld()
      } catch (error) {
        throw asWriteError(error, directory)
      }
      await writeWhole(fileOf(key), [Buffer.from(JSON.stringify({ url: upload.href, file }))])
    },
    forget: (key) => rm(fileOf(key), { force: true })
  }
}
