import { createReadStream } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import { writeWhole } from '../durability/write-whole.ts'

async function* bytesOf(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) if (chunk instanceof Uint8Array) yield chunk
}

/** Packs the files of a tree into one tar archive, in the order of their paths. The same tree gives the same bytes. */
export const packTree = async (root: string, file: string, signal: AbortSignal | undefined): Promise<void> => {
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  const paths = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name))
  const packed = pack()
  const fill = async (): Promise<void> => {
    for (const path of paths.toSorted()) {
      signal?.throwIfAborted()
      const found = await stat(path)
      // A link within the tree, to a directory whose files are packed by themselves.
      if (!found.isFile()) continue
      const entry = packed.entry({ name: relative(root, path), size: found.size, mtime: new Date(0), mode: 0o600 })
      await pipeline(createReadStream(path), entry)
    }
    packed.finalize()
  }
  const filling = fill().catch((error: unknown) => {
    packed.destroy(error instanceof Error ? error : new Error(String(error)))
    throw error
  })
  // It is thrown where it is awaited. The writing ends with the same error.
  filling.catch(() => {})
  await writeWhole(file, bytesOf(packed))
  await filling
}
