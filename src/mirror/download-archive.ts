import { statSync } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import type { OpenedArchive } from '../contracts/archive-source.ts'
import { putInPlace, writeAll } from '../durability/write-whole.ts'
import { codeOf } from '../errors.ts'
import type { CachedArchive } from './archive-cache.ts'
import { addFile, type Checksum, checksumName, createChecksum } from './checksum.ts'
import type { OnlineMirror } from './mirror-options.ts'
import { partOf } from './names.ts'
import { diskError, fileOf, isWhole, lookAt, nameOf } from './place.ts'

/** The result of one attempt to download an archive. */
export type Attempt =
  | { readonly state: 'done' }
  | { readonly state: 'gone' }
  /** It may be requested again after this many seconds, not earlier. */
  | { readonly state: 'sealed'; readonly retryAfter: number }
  /** The bytes are not the archive and were removed. `resumed`: an earlier attempt had begun it. */
  | { readonly state: 'damaged'; readonly resumed: boolean }

/** The usable bytes of an earlier attempt. */
const sizeOfPart = (part: string, { size }: CachedArchive): number => {
  try {
    const found = statSync(part).size
    return size === undefined || found > size ? 0 : found
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw diskError(part, error)
  }
}

/** Appends the received bytes to a part and makes it durable. Errors of the disk are told apart from those of the network. */
const receive = async (
  part: string,
  from: number,
  bytes: AsyncIterable<Uint8Array>,
  checksum: Checksum
): Promise<void> => {
  const refused = (error: unknown): never => {
    throw diskError(part, error)
  }
  const handle = await open(part, from === 0 ? 'w' : 'a').catch(refused)
  try {
    for await (const chunk of bytes) {
      await writeAll(handle, chunk).catch(refused)
      checksum.add(chunk)
    }
    await handle.sync().catch(refused)
  } finally {
    await handle.close()
  }
}

/**
 * Tries once to download an archive into the mirror. It is written to another name, made durable and compared with its checksum,
 * and only then gets its final name. So a file with its final name is complete, whenever the process ends. An interrupted attempt
 * is continued.
 */
export const downloadArchive = async (
  { source, directory, log, signal, onArchive }: OnlineMirror,
  archive: CachedArchive,
  service: string
): Promise<Attempt> => {
  const { id, stream, size } = archive
  const name = nameOf(archive)
  const file = fileOf(directory, archive)
  const part = partOf(file)
  // It was complete already, but was not imported yet.
  if (lookAt(directory, archive) === 'there' && (await isWhole(file, archive, signal))) {
    await onArchive?.({ archive, file })
    return { state: 'done' }
  }
  const from = sizeOfPart(part, archive)
  const checksum = createChecksum(archive)
  await addFile(checksum, part, signal, from).catch((error: unknown) => {
    signal.throwIfAborted()
    throw diskError(part, error)
  })

  if (from === 0 || from !== size) {
    const opened: OpenedArchive = await source.open({ service, stream, id }, { from, size, signal })
    if (opened.state === 'gone') await rm(part, { force: true })
    if (opened.state !== 'open') return opened
    await receive(part, from, opened.bytes, checksum)
  }
  log.info(`Archive ${name} downloaded`)
  if (!checksum.holds()) {
    log.warn(`${checksumName(archive)} ERROR on ${name}`)
    await rm(part, { force: true })
    return { state: 'damaged', resumed: from > 0 }
  }
  log.info(`${checksumName(archive)} OK on ${name}`)
  try {
    await putInPlace(part, file)
  } catch (error) {
    throw diskError(file, error)
  }
  await onArchive?.({ archive, file })
  return { state: 'done' }
}

/** If the checksum was wrong: what the service says about the archive now, if that has changed. */
export const askAgain = async (
  { source, cache, log, signal }: OnlineMirror,
  archive: CachedArchive,
  service: string
): Promise<boolean> => {
  const { id, stream } = archive
  const details = await source.details({ service, stream, id }, signal)
  if (details === undefined) return false
  const now = { size: details.size, sha256: details.sha256?.toLowerCase(), md5: details.md5?.toLowerCase() }
  if (now.size === archive.size && now.sha256 === archive.sha256 && now.md5 === archive.md5) return false
  cache.setChecksums(id, now)
  log.info(`Archive ${nameOf(archive)} has another checksum than when it was added to cache`)
  return true
}
