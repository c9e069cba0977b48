import { existsSync, fstatSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import type { BackendContext } from '../../contracts/lrs-backend.ts'
import type { CopyFilesOptions, StoreFiles } from '../../contracts/store-files.ts'
import { lockStore } from '../../durability/process-lock.ts'
import { codeOf, RalphError } from '../../errors.ts'
import { isTarget } from '../../settings/target.ts'
import { read, readNow, writeFully } from './file.ts'
import { intentIn } from './intent.ts'
import { directoryOf, openFs } from './lrs.ts'
import { lockName, ownDirectory, ownFiles } from './open-files.ts'

/** One file of a copy: its first bytes, which never change. For the statements it includes those of the current commit. */
interface Part {
  readonly name: string
  readonly from: FileHandle
  readonly length: number
  readonly tail: Uint8Array
}

const chunkSize = 4 * 1024 * 1024
const attempts = 2000

const openIfThere = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

const isStillAt = (path: string, file: FileHandle): boolean => {
  try {
    return statSync(path).ino === fstatSync(file.fd).ino
  } catch {
    return false
  }
}

/**
 * The state of the statements at one moment. A commit writes everything else first, then its intent, then its lines. While the intent stays
 * the same, the lines after its offset belong to that commit, and the lines before are durable.
 */
const momentOf = (intentFile: string, statements: FileHandle) => {
  const intent = existsSync(intentFile) ? readFileSync(intentFile) : Buffer.alloc(0)
  const { size } = fstatSync(statements.fd)
  const length = Math.min(intentIn(intent)?.offset ?? size, size)
  const tail = readNow(statements, { offset: length, length: size - length })
  const after = existsSync(intentFile) ? readFileSync(intentFile) : Buffer.alloc(0)
  return after.equals(intent) ? { length, tail, intent } : undefined
}

const syncedWrite = async (path: string, write: (file: FileHandle) => Promise<void>): Promise<void> => {
  mkdirSync(dirname(path), { recursive: true })
  const file = await open(path, 'w', 0o600)
  try {
    await write(file)
    await file.sync()
  } finally {
    await file.close()
  }
}

const copyPart = async (
  { from, length, tail }: Part,
  to: FileHandle,
  moved: (bytes: number) => void,
  signal: AbortSignal | undefined
): Promise<void> => {
  let at = 0
  while (at < length) {
    signal?.throwIfAborted()
    const bytes = await read(from, { offset: at, length: Math.min(chunkSize, length - at) })
    // The server failed to write and truncated the file.
    if (bytes.length === 0)
      throw new RalphError('STORE_UNAVAILABLE', 'a write to the store failed meanwhile: try again')
    await writeFully(to, bytes, at)
    at += bytes.length
    moved(bytes.length)
  }
  await writeFully(to, tail, length)
}

/** Copies the files of one store, with those of `.lrs`, while a server may be writing to them. */
const copyStoreFiles = async (from: string, file: string, into: string, options: CopyFilesOptions): Promise<void> => {
  const { signal, onProgress } = options
  const pathOf = (name: string): string => join(from, ownDirectory, name)
  const statements = await open(join(from, file), 'r')
  const opened: FileHandle[] = [statements]
  try {
    const attachments = await openIfThere(pathOf(ownFiles.attachments))
    if (attachments !== undefined) opened.push(attachments)
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      signal?.throwIfAborted()
      const journal = await openIfThere(pathOf(ownFiles.journal))
      if (journal !== undefined) opened.push(journal)
      const moment = momentOf(pathOf(ownFiles.intent), statements)
      const isSameJournal = journal === undefined || isStillAt(pathOf(ownFiles.journal), journal)
      if (moment === undefined || !isSameJournal) {
        if (journal !== undefined) await opened.pop()?.close()
        await wait(1)
        continue
      }
      // Copied after the statements, because everything that they need was written before them.
      const whole = (name: string, handle: FileHandle | undefined): readonly Part[] =>
        handle === undefined
          ? []
          : [{ name: join(ownDirectory, name), from: handle, length: fstatSync(handle.fd).size, tail: Buffer.alloc(0) }]
      const parts: readonly Part[] = [
        ...whole(ownFiles.attachments, attachments),
        ...whole(ownFiles.journal, journal),
        { name: file, from: statements, length: moment.length, tail: moment.tail }
      ]
      const total = parts.reduce((sum, { length }) => sum + length, 0)
      let done = 0
      for (const part of parts) {
        await syncedWrite(join(into, part.name), (to) =>
          copyPart(
            part,
            to,
            (bytes) => {
              done += bytes
              onProgress?.(done, total)
            },
            signal
          )
        )
      }
      await syncedWrite(join(into, ownDirectory, ownFiles.intent), (to) => writeFully(to, moment.intent, 0))
      return
    }
    throw new RalphError(
      'STORE_UNAVAILABLE',
      `${from} is being written without a pause: try again when there is less load`
    )
  } finally {
    for (const handle of opened) await handle.close()
  }
}

/** The files of the fs stores in a directory. A target has a subdirectory. */
export const fsFiles = (directory: string, file: string, context: BackendContext): StoreFiles => {
  const place = (target: string | undefined): string => directoryOf({ directory, file }, target)
  const has = (target: string | undefined): boolean => existsSync(join(place(target), file))
  return {
    directory,
    targets: async () => {
      if (!existsSync(directory)) return []
      const named = readdirSync(directory, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && isTarget(entry.name) && has(entry.name))
        .map(({ name }) => name)
      return [...(has(undefined) ? [undefined] : []), ...named]
    },
    copy: (target, into, options = {}) =>
      copyStoreFiles(place(target), file, directoryOf({ directory: into, file }, target), options),
    names: (target) =>
      [file, ...Object.values(ownFiles).map((name) => join(ownDirectory, name))].map((name) =>
        relative(directory, join(place(target), name))
      ),
    lock: (target) => {
      const own = join(place(target), ownDirectory)
      mkdirSync(own, { recursive: true })
      return lockStore(join(own, lockName))
    },
    open: async (other) => openFs({ directory: other, file }, context)
  }
}
