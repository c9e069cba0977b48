import { createHash } from 'node:crypto'
import type { BytesBackend, Listed, ListOptions, ReadOptions, WriteOptions } from '../../src/contracts/data-backend.ts'
import type { Log } from '../../src/contracts/log.ts'

/** The methods of a place that keeps objects, each of which it must have. */
export const objectsOf = (backend: BytesBackend) => {
  const { list, read, write } = backend
  if (list === undefined || read === undefined || write === undefined) throw new Error('it has not all methods')
  return {
    names: async (options: ListOptions = {}): Promise<string[]> => {
      const all: string[] = []
      for await (const { id } of list(options)) all.push(id)
      return all
    },
    listed: async (options: ListOptions = {}): Promise<Listed[]> => {
      const all: Listed[] = []
      for await (const each of list(options)) all.push(each)
      return all
    },
    read: async (name: string | undefined, options: ReadOptions = {}): Promise<Buffer> => {
      const chunks: Uint8Array[] = []
      for await (const chunk of read(name, options)) chunks.push(chunk)
      return Buffer.concat(chunks)
    },
    write: (content: AsyncIterable<Uint8Array>, options: Partial<WriteOptions> = {}) =>
      write(content, { operation: 'create', ...options })
  }
}

/** So many bytes, and then nothing more for ever; `said` is called when they were taken. */
export const silentAfter = async function* (size: number, said: () => void): AsyncGenerator<Uint8Array> {
  yield* generated(size)
  said()
  await new Promise(() => {})
}

const block = Buffer.from(Array.from({ length: 2 ** 16 }, (_, index) => (index * 7919) % 251))

/** Bytes that are made as they are asked for; no two blocks are equal. */
export const generated = async function* (size: number): AsyncGenerator<Uint8Array> {
  for (let done = 0; done < size; done += block.length) {
    const each = Buffer.from(block)
    each.writeDoubleLE(done, 0)
    yield each.subarray(0, Math.min(block.length, size - done))
  }
}

/** The digest of bytes that need not be kept. */
export const digestOf = async (content: AsyncIterable<Uint8Array>): Promise<string> => {
  const hash = createHash('sha1')
  for await (const chunk of content) hash.update(chunk)
  return hash.digest('hex')
}

/** By how many bytes this process grows at most while `work` is done. */
export const growthDuring = async (work: () => Promise<void>): Promise<number> => {
  const before = process.memoryUsage.rss()
  let most = before
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss())
  }, 20)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return most - before
}

/** Keeps what it is told. */
export const keptLog = (): Log & { readonly said: string[] } => {
  const said: string[] = []
  const say = (message: string): void => void said.push(message)
  return { said, debug: say, info: say, warn: say, error: say }
}
