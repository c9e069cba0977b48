import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { ImportUser } from '../contracts/imports.ts'
import { lockStore, type ProcessLock } from '../durability/process-lock.ts'
import { asWriteError } from '../durability/write-whole.ts'
import { RalphError } from '../errors.ts'
import type { UploadSettings } from '../settings/settings.ts'
import type { UploadRecord, UploadRecords } from './records.ts'
import type { UploadTarget } from './target.ts'

/** All uploads, with their owners, offsets and expiry. */
export interface KeptUploads {
  /** Call it first. Rejects with `STORE_IN_USE` while another server has them; call it again later. */
  take(): Promise<void>
  ids(): readonly string[]
  /** An upload of another user counts as missing. Throws `NOT_FOUND`. */
  own(id: string, user: ImportUser): UploadRecord
  isWhole(record: UploadRecord): Promise<boolean>
  /** In milliseconds since 1970. */
  expiryOf(id: string): Promise<number>
  /** Rejects with `UPLOAD_EXPIRED`. */
  requireAlive(record: UploadRecord): Promise<void>
  /** Throws `OVERLOADED` if there are too many, of this user or of all. */
  requireRoom(user: ImportUser): void
  /** An upload exists, or its import has changed. */
  note(record: UploadRecord | undefined, id: string): void
  /** Removes it with its bytes. */
  forget(id: string): Promise<void>
  release(): Promise<void>
}

export interface KeptUploadsOptions {
  readonly settings: UploadSettings
  readonly records: UploadRecords
  readonly target: UploadTarget
  /** In milliseconds. */
  readonly now: () => number
}

const notThere = (id: string): RalphError =>
  new RalphError('NOT_FOUND', `There is no upload ${JSON.stringify(id)}.`, { id })

/** Takes the directory for this process alone: two processes that append to one upload would mix their bytes. */
const takeDirectory = async (directory: string): Promise<ProcessLock> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw asWriteError(error, directory)
  }
  try {
    return lockStore(join(directory, 'uploads'))
  } catch (error) {
    if (!(error instanceof RalphError) || error.code !== 'STORE_IN_USE') throw error
    throw new RalphError(
      'STORE_IN_USE',
      `another server uses ${directory} for uploads: give this one another RALPH_UPLOADMANAGER__TARGET or RALPH_TEMP_DIR`,
      { path: directory }
    )
  }
}

const tooMany = (setting: string, limit: number): RalphError =>
  new RalphError('OVERLOADED', `The limit of ${setting} (${limit}) uploads is reached: try again later.`, {
    setting,
    limit,
    retryAfter: 30
  })

const isSameUser = (one: ImportUser, other: ImportUser): boolean =>
  one.username === other.username && one.target === other.target

export const createKeptUploads = ({ settings, records, target, now }: KeptUploadsOptions): KeptUploads => {
  const { directory, expiration, maxUnfinished, maxUnfinishedPerUser } = settings
  /** All uploads. */
  const known = new Map<string, { readonly user: ImportUser; readonly isImported: boolean }>()
  let taking: Promise<ProcessLock> | undefined

  const note: KeptUploads['note'] = (record, id) => {
    if (record === undefined) known.delete(id)
    else known.set(id, { user: record.user, isImported: record.importId !== undefined })
  }
  const isWhole: KeptUploads['isWhole'] = async ({ id, size, isWhole }) =>
    isWhole || (size !== undefined && (await target.offsetOf(id)) === size)
  const expiryOf = async (id: string): Promise<number> => (await records.touched(id)) + expiration

  return {
    take: async () => {
      taking ??= takeDirectory(directory).then(async (lock) => {
        for (const id of await records.ids()) note(records.read(id), id)
        return lock
      })
      await taking.catch((error: unknown) => {
        // The other server may be stopping, and this one may replace it.
        taking = undefined
        throw error
      })
    },
    ids: () => [...known.keys()],
    own: (id, user) => {
      const record = known.has(id) ? records.read(id) : undefined
      if (record !== undefined && isSameUser(record.user, user)) return record
      throw notThere(id)
    },
    isWhole,
    expiryOf,
    requireAlive: async (record) => {
      if ((await isWhole(record)) || (await expiryOf(record.id)) > now()) return
      throw new RalphError('UPLOAD_EXPIRED', `The upload ${record.id} has expired: begin again.`, { id: record.id })
    },
    requireRoom: (user) => {
      const unfinished = [...known.values()].filter(({ isImported }) => !isImported)
      const own = unfinished.filter((upload) => isSameUser(upload.user, user))
      // The limit of the user comes first, because the user can do something about it.
      if (own.length >= maxUnfinishedPerUser) {
        throw tooMany('RALPH_UPLOADMANAGER__MAX_UNFINISHED_PER_USER', maxUnfinishedPerUser)
      }
      if (unfinished.length >= maxUnfinished) throw tooMany('RALPH_UPLOADMANAGER__MAX_UNFINISHED', maxUnfinished)
    },
    note,
    forget: async (id) => {
      await target.remove(id)
      await records.remove(id)
      known.delete(id)
    },
    release: async () => {
      const lock = await taking?.catch(() => undefined)
      lock?.release()
    }
  }
}
