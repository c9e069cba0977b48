import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'
import { damaged, refuseLink, requireSafePath, sayingWhere } from './archive-errors.ts'
import type { Budget } from './limits.ts'

/** A file in an archive. It must be read to its end, or left unread, before the next one is asked for. */
export interface Entry {
  readonly name: string
  readonly content: AsyncIterable<Uint8Array>
}

/** An archive ends with blocks of zeros. Without them, it was cut between two entries. */
const block = 512

/** The same chunks. Throws `INVALID_ARCHIVE` if they do not end with a block of zeros. */
async function* withEnd(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array, void, undefined> {
  let tail: Uint8Array = Buffer.alloc(0)
  for await (const chunk of chunks) {
    tail = chunk.length >= block ? Buffer.from(chunk.subarray(-block)) : Buffer.concat([tail, chunk]).subarray(-block)
    // Copied, because it is kept until it is used.
    yield Buffer.from(chunk)
  }
  if (tail.length < block || tail.some((byte) => byte !== 0)) throw damaged(path, 'its end is missing')
}

/** Heads from before POSIX are read too; their checksum was compared. */
const options = { allowUnknownFormat: true, highWaterMark: 2 ** 16 }

async function* bytesOf(entry: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of entry) if (chunk instanceof Uint8Array) yield chunk
}

const files: ReadonlySet<string> = new Set(['file', 'contiguous-file'])

/** The files of a tar archive. Throws `INVALID_ARCHIVE`, `UNSAFE_PATH`, `UNSAFE_LINK`. */
export async function* readTar(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  budget: Budget
): AsyncGenerator<Entry, void, undefined> {
  const entries = extract(options)
  const feeding = pipeline(Readable.from(withEnd(chunks, path), { objectMode: true, highWaterMark: 1 }), entries)
  // A failure is thrown where the entries are read.
  feeding.catch(() => {})
  try {
    for await (const entry of sayingWhere(entries, path)) {
      const { name, type } = entry.header
      budget.entry()
      requireSafePath(name, path)
      if (type === 'directory' || type?.startsWith('pax-')) {
        entry.resume()
        continue
      }
      if (!files.has(type ?? 'file')) refuseLink(name, type ?? 'link', path)
      yield { name, content: sayingWhere(bytesOf(entry), path) }
      entry.resume()
    }
  } finally {
    entries.destroy()
  }
  await feeding
}
