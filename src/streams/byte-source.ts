/** Chunks of any size, read in the amounts that the caller needs. */
export interface ByteSource {
  /** The next bytes, at most `max` of them. Undefined: there are no more. */
  take(max: number): Promise<Uint8Array | undefined>
  /** Copies bytes into `buffer`. Returns less than its length only at the end. */
  fill(buffer: Uint8Array): Promise<number>
  /** Whether everything was read. */
  isAtEnd(): Promise<boolean>
  /** Closes the source of the chunks that were not read. */
  close(): Promise<void>
}

/** The signal ends the wait for chunks that do not come: the call rejects with its reason. */
export const byteSource = (chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): ByteSource => {
  const iterator = chunks[Symbol.asyncIterator]()
  let rest: Uint8Array | undefined
  let ended = false
  let waiting: ((reason: unknown) => void) | undefined
  const stop = (): void => waiting?.(signal?.reason)
  signal?.addEventListener('abort', stop, { once: true })

  const pull = (): Promise<IteratorResult<Uint8Array, unknown>> =>
    new Promise((resolve, reject) => {
      signal?.throwIfAborted()
      waiting = reject
      iterator.next().then(
        (result) => {
          waiting = undefined
          resolve(result)
        },
        (error: unknown) => {
          waiting = undefined
          reject(error)
        }
      )
    })

  /** Empty chunks are skipped. */
  const next = async (): Promise<Uint8Array | undefined> => {
    while (rest === undefined || rest.length === 0) {
      if (ended) return undefined
      const result = await pull()
      if (result.done) ended = true
      else rest = result.value
    }
    return rest
  }

  const take = async (max: number): Promise<Uint8Array | undefined> => {
    const chunk = await next()
    if (chunk === undefined) return undefined
    rest = chunk.subarray(max)
    return chunk.subarray(0, max)
  }

  return {
    take,
    fill: async (buffer) => {
      let filled = 0
      while (filled < buffer.length) {
        const bytes = await take(buffer.length - filled)
        if (bytes === undefined) break
        buffer.set(bytes, filled)
        filled += bytes.length
      }
      return filled
    },
    isAtEnd: async () => (await next()) === undefined,
    close: async () => {
      rest = undefined
      signal?.removeEventListener('abort', stop)
      if (ended) return
      ended = true
      const letGo = iterator.return?.()
      // A source that is waiting would not react before its next chunk, so it is not awaited.
      if (waiting === undefined) await letGo
      else letGo?.catch(() => {})
    }
  }
}

/** Cuts larger chunks. Nothing is joined or copied. */
export async function* inChunksOf(
  size: number | undefined,
  chunks: AsyncIterable<Uint8Array>
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    if (size === undefined || chunk.length <= size) yield chunk
    else for (let start = 0; start < chunk.length; start += size) yield chunk.subarray(start, start + size)
  }
}
