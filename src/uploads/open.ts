import { AsyncLocalStorage } from 'node:async_hooks'
import { randomUUID } from 'node:crypto'
import type { Clock } from '../contracts/clock.ts'
import type { BytesBackend } from '../contracts/data-backend.ts'
import type { Imports } from '../contracts/imports.ts'
import type { Log } from '../contracts/log.ts'
import type { UploadAnswer, UploadRequest, UploadState, Uploads } from '../contracts/uploads.ts'
import { messageOf } from '../errors.ts'
import type { BucketPlace, UploadSettings } from '../settings/settings.ts'
import { becomeImport, filenameOf, isToImport } from './become-import.ts'
import { type ChunkChecksum, checksumAlgorithms, parseChunkChecksum } from './checksum.ts'
import { fileTarget } from './file-target.ts'
import { createKeptUploads, type KeptUploads } from './kept-uploads.ts'
import { objectTarget } from './object-target.ts'
import { openRecords, type UploadRecord, type UploadRecords } from './records.ts'
import type { UploadAsked, UploadTarget } from './target.ts'
import { createTurns } from './turns.ts'
import { createTusEngine, noted, passOver } from './tus.ts'

export interface OpenUploadsOptions {
  readonly settings: UploadSettings
  readonly imports: Imports
  /** Opens the object storage of `settings.bucket`. */
  readonly openObjects: (access: BucketPlace['access']) => Promise<BytesBackend>
  readonly clock: Clock
  readonly log: Log
}

/** Runs at most one task for each id. Later callers get the result of the running one. */
const onceFor = <Value extends { readonly id: string }>(work: (value: Value) => Promise<Value>) => {
  const underWay = new Map<string, Promise<Value>>()
  return {
    has: (id: string) => underWay.has(id),
    all: () => underWay.values(),
    run: (value: Value): Promise<Value> => {
      const { id } = value
      const working = underWay.get(id) ?? work(value).finally(() => underWay.delete(id))
      underWay.set(id, working)
      return working
    }
  }
}

const stateOf = async (record: UploadRecord, kept: KeptUploads, target: UploadTarget): Promise<UploadState> => {
  const { id, size, metadata, importId } = record
  const offset = importId === undefined ? ((await target.offsetOf(id)) ?? 0) : (size ?? 0)
  const expires = (await kept.isWhole(record)) ? undefined : new Date(await kept.expiryOf(id)).toISOString()
  return { id, filename: filenameOf(record), size, offset, metadata, expires, import: importId }
}

const askedOf = ({ headers, user }: UploadRequest, id: string): UploadAsked => {
  const { 'upload-checksum': sum } = headers
  return { id, user, checksum: sum === undefined ? undefined : parseChunkChecksum(sum), failure: undefined }
}

const targetOf = (
  { settings: { directory, bucket }, openObjects }: Pick<OpenUploadsOptions, 'settings' | 'openObjects'>,
  records: UploadRecords,
  checksum: () => ChunkChecksum | undefined
): UploadTarget => {
  if (bucket === undefined) return fileTarget(directory, records, checksum)
  return objectTarget({ directory, place: bucket, backend: () => openObjects(bucket.access), records, checksum })
}

/** Opens uploads. Only this process may use them: `STORE_IN_USE` while another one does. The caller closes them. */
export const openUploads = ({ settings, imports, openObjects, clock, log }: OpenUploadsOptions): Uploads => {
  const { directory, expiration, maxSize, unarchive } = settings
  const records = openRecords(directory)
  const asking = new AsyncLocalStorage<UploadAsked>()
  const target = targetOf({ settings, openObjects }, records, () => asking.getStore()?.checksum)
  const turns = createTurns()
  const now = (): number => Math.floor(clock() / 1000)
  const kept = createKeptUploads({ settings, records, target, now })

  const engine = createTusEngine({
    target,
    turns,
    maxSize,
    asking,
    onCreate: async ({ id, size, metadata = {} }, { user }) => {
      const record = { id, size, metadata, user, created: now(), isWhole: false, importId: undefined }
      await records.write(record)
      kept.note(record, id)
    }
  })

  const finishing = onceFor<UploadRecord>((record) =>
    becomeImport(record, { imports, records, target, unarchive }).finally(() =>
      kept.note(records.read(record.id), record.id)
    )
  )

  /** Headers that the library does not send: the expiry and the import. */
  const headersOf = async (id: string): Promise<Record<string, string>> => {
    const record = records.read(id)
    if (record === undefined) return {}
    if (!(await kept.isWhole(record))) return { 'upload-expires': new Date(await kept.expiryOf(id)).toUTCString() }
    const { importId } = await finishing.run(record)
    return importId === undefined ? {} : { 'ralph-import': importId }
  }

  const handle = async (request: UploadRequest): Promise<UploadAnswer> => {
    const { method, headers, body, id: given, user } = request
    await kept.take()
    if (given === undefined) kept.requireRoom(user)
    else await kept.requireAlive(kept.own(given, user))
    const id = given ?? randomUUID()
    const asked = askedOf(request, id)
    const note = (): Promise<void> => records.touch(id, now())
    const bytes = body === undefined ? undefined : noted(body, note, Math.min(10_000, expiration / 4))
    try {
      const response = await engine.answer({ method, headers, body: bytes }, asked)
      if (method === 'DELETE') await kept.forget(id)
      else if (method !== 'HEAD') await note()
      const answered = Object.fromEntries(response.headers)
      return { status: response.status, headers: { ...answered, ...(await headersOf(id)) } }
    } catch (error) {
      // The client never learned of it.
      if (given === undefined) await kept.forget(id).catch(() => {})
      throw error
    } finally {
      if (body !== undefined && bytes !== undefined) passOver(body, bytes)
    }
  }

  /** Checks an upload that no request is using. */
  const look = async (id: string): Promise<void> => {
    const record = records.read(id)
    if (record === undefined) kept.note(undefined, id)
    else if (record.importId === undefined && (await kept.isWhole(record))) {
      if (isToImport(record)) await finishing.run(record)
    } else if ((await kept.expiryOf(id)) <= now()) await kept.forget(id)
  }

  return {
    extensions: [...target.store.extensions, 'expiration', 'checksum'],
    checksums: checksumAlgorithms,
    maxSize,
    handle,
    find: async (id, user) => {
      await kept.take()
      return stateOf(kept.own(id, user), kept, target)
    },
    sweep: async () => {
      await kept.take()
      for (const id of kept.ids()) {
        const turn = finishing.has(id) ? undefined : turns.tryTaking(id)
        if (turn === undefined) continue
        try {
          await look(id)
        } catch (error) {
          log.warn(`upload ${id}: ${messageOf(error)}`)
        } finally {
          await turn.unlock()
        }
      }
    },
    close: async () => {
      await Promise.allSettled(finishing.all())
      await target.close()
      await kept.release()
    }
  }
}
