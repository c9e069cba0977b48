import { readSync } from 'node:fs'
import { type FileHandle, open, rm } from 'node:fs/promises'
import { codeOf } from '../../errors.ts'

/** A range of bytes in a file. */
export interface ByteRange {
  readonly offset: number
  readonly length: number
}

/** Writes all bytes. One call of the operating system may write fewer. */
export const writeFully = async (file: FileHandle, bytes: Uint8Array, offset: number): Promise<void> => {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, offset + done)
    done += bytesWritten
  }
}

/** Reads up to `length` bytes, fewer only at the end of the file. */
export const read = async (file: FileHandle, { offset, length }: ByteRange): Promise<Buffer> => {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done)
    if (bytesRead === 0) break
    done += bytesRead
  }
  return bytes.subarray(0, done)
}

/** Like `read`, for jobs that must not wait. */
export const readNow = (file: FileHandle, { offset, length }: ByteRange): Buffer => {
  const bytes = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const count = readSync(file.fd, bytes, done, length - done, offset + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}

/** Opens a file for reading and writing, and creates it if it does not exist. A new file is durable only after `syncDirectory`. */
export const openOrCreate = async (path: string): Promise<FileHandle> => {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  return open(path, 'w+')
}

const zeros = Buffer.alloc(1024 * 1024)

/** Writes this many bytes to a temporary file, from an offset on. Rejects when they cannot be written. */
export const writeScratch = async (path: string, offset: number, size: number): Promise<void> => {
  try {
    const file = await open(path, 'w')
    try {
      for (let done = 0; done < size; done += zeros.length) {
        await writeFully(file, zeros.subarray(0, Math.min(zeros.length, size - done)), offset + done)
      }
      await file.datasync()
    } finally {
      await file.close()
    }
  } finally {
    await rm(path, { force: true })
  }
}
