import { createHash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { messageOf, RalphError } from '../errors.ts'

/** A file that must stay as it is while it is sent. */
export interface LocalFile {
  readonly size: number
  /** In lower-case hexadecimal; read from the beginning to the end. */
  sha256(signal: AbortSignal): Promise<string>
  /** `INVALID_INPUT`: it has changed. */
  read(from: number, length: number): Promise<Uint8Array>
  close(): Promise<void>
}

const piece = 2 ** 20

const fill = async (file: FileHandle, buffer: Uint8Array, from: number): Promise<number> => {
  let done = 0
  while (done < buffer.length) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, from + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return done
}

/** `INVALID_INPUT`: it cannot be read, or is not a file. */
export const openLocalFile = async (path: string): Promise<LocalFile> => {
  const file = await open(path, 'r').catch((cause: unknown) => {
    throw new RalphError('INVALID_INPUT', `${path} cannot be read: ${messageOf(cause)}`, { path }, { cause })
  })
  const before = await file.stat()
  const { size } = before
  if (!before.isFile()) {
    await file.close()
    throw new RalphError('INVALID_INPUT', `${path} is not a file: name the files, or pack the directory (tar, zip)`, {
      path
    })
  }
  const changed = (): RalphError =>
    new RalphError('INVALID_INPUT', `${path} has changed while it was sent: send it again when nobody writes to it`, {
      path
    })
  return {
    size,
    sha256: async (signal) => {
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafe(piece)
      for (let from = 0; from < size; ) {
        signal.throwIfAborted()
        const length = await fill(file, buffer.subarray(0, Math.min(piece, size - from)), from)
        if (length === 0) throw changed()
        hash.update(buffer.subarray(0, length))
        from += length
      }
      return hash.digest('hex')
    },
    read: async (from, length) => {
      const buffer = Buffer.allocUnsafe(length)
      const done = await fill(file, buffer, from)
      const now = await file.stat()
      if (done < length || now.size !== size || now.mtimeMs !== before.mtimeMs) throw changed()
      return buffer
    },
    close: () => file.close()
  }
}
