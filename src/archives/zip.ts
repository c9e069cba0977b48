import { crc32 } from 'node:zlib'
import { openPromise } from 'yauzl'
import { RalphError } from '../errors.ts'
import { asArchiveError, damaged, refuseLink, requireSafePath } from './archive-errors.ts'
import type { Budget } from './limits.ts'
import type { Entry } from './tar.ts'

/** In the upper half of the external attributes, if the archive was made on Unix. */
const fileTypeMask = 0o170000
const symbolicLink = 0o120000
const regular = [0, 0o100000, 0o040000]

const asZipError = (error: unknown, path: string): unknown => {
  const message = error instanceof Error ? error.message : ''
  if (/^(invalid relative path|absolute path|invalid characters in fileName)/.test(message)) {
    return new RalphError(
      'UNSAFE_PATH',
      `${path} has an entry whose path leads out of it: ${message}`,
      {},
      { cause: error }
    )
  }
  return asArchiveError(error, path)
}

/** The files of a zip archive, which must be on the disk. Throws `INVALID_ARCHIVE`, `UNSAFE_PATH`, `UNSAFE_LINK`. */
export async function* readZip(file: string, path: string, budget: Budget): AsyncGenerator<Entry, void, undefined> {
  const archive = await openPromise(file, { lazyEntries: true, autoClose: false }).catch((error: unknown) => {
    throw asZipError(error, path)
  })
  try {
    for await (const entry of archive.eachEntry()) {
      const { fileName: name, externalFileAttributes } = entry
      budget.entry()
      requireSafePath(name, path)
      const kind = (externalFileAttributes >>> 16) & fileTypeMask
      if (kind === symbolicLink) refuseLink(name, 'symbolic link', path)
      if (!regular.includes(kind)) refuseLink(name, 'device', path)
      if (name.endsWith('/')) continue
      if (entry.isEncrypted()) {
        throw new RalphError('UNSUPPORTED_CONTENT', `${path}: ${name} is encrypted: pack it without a password`)
      }
      if (!entry.canDecodeFileData()) {
        const method = entry.compressionMethod
        throw new RalphError('UNSUPPORTED_CONTENT', `${path}: ${name} is packed by method ${method}: use deflate`)
      }
      const content = async function* (): AsyncGenerator<Uint8Array> {
        let checksum = 0
        try {
          for await (const chunk of await archive.openReadStreamPromise(entry)) {
            budget.unpacked(chunk.length)
            checksum = crc32(chunk, checksum)
            yield chunk
          }
        } catch (error) {
          throw asZipError(error, `${path}/${name}`)
        }
        if (checksum !== entry.crc32) throw damaged(`${path}/${name}`, 'its checksum is wrong')
      }
      yield { name, content: content() }
    }
  } catch (error) {
    throw asZipError(error, path)
  } finally {
    archive.close()
  }
}
