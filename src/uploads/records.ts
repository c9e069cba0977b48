import { readFileSync } from 'node:fs'
import { readdir, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImportUser } from '../contracts/imports.ts'
import { asWriteError, writeWhole } from '../durability/write-whole.ts'
import { codeOf, messageOf, RalphError } from '../errors.ts'

/** The state of an upload besides its bytes. Times are milliseconds since 1970. */
export interface UploadRecord {
  readonly id: string
  /** Undefined: the client has not sent it yet. */
  readonly size: number | undefined
  readonly metadata: Readonly<Record<string, string | null>>
  readonly user: ImportUser
  readonly created: number
  /** All bytes were received. */
  readonly isWhole: boolean
  /** Id of its import. Undefined: none yet. */
  readonly importId: string | undefined
}

/** `ID.json` in the directory of uploads, written whole or not at all. Its modification time is that of the last byte. */
export interface UploadRecords {
  read(id: string): UploadRecord | undefined
  write(record: UploadRecord): Promise<void>
  remove(id: string): Promise<void>
  ids(): Promise<readonly string[]>
  /** Bytes of the upload arrived now. */
  touch(id: string, now: number): Promise<void>
  touched(id: string): Promise<number>
}

const isId = (id: string): boolean => /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(id)

const suffix = '.json'

export const openRecords = (directory: string): UploadRecords => {
  const fileOf = (id: string): string => join(directory, `${id}${suffix}`)
  return {
    read: (id) => {
      if (!isId(id)) return undefined
      try {
        // Only this process writes there.
        return JSON.parse(readFileSync(fileOf(id), 'utf8')) as UploadRecord
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined
        throw new RalphError('STORE_UNAVAILABLE', `${fileOf(id)} cannot be read: ${messageOf(error)}`)
      }
    },
    write: (record) => writeWhole(fileOf(record.id), [Buffer.from(JSON.stringify(record))]),
    remove: (id) => rm(fileOf(id), { force: true }),
    ids: async () =>
      (await readdir(directory))
        .filter((name) => name.endsWith(suffix))
        .map((name) => name.slice(0, -suffix.length))
        .filter(isId),
    touch: async (id, now) => {
      try {
        await utimes(fileOf(id), now / 1000, now / 1000)
      } catch (error) {
        // It was removed meanwhile.
        if (codeOf(error) !== 'ENOENT') throw asWriteError(error, fileOf(id))
      }
    },
    touched: async (id) => (await stat(fileOf(id)).catch(() => ({ mtimeMs: 0 }))).mtimeMs
  }
}
