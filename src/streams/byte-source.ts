/** Chunks of any size, taken in the amounts that are needed. */
export interface ByteSource {
  /** The next bytes, at most `max` of them; undefined: there are no more. */
  take(max: number): Promise<Uint8Array | undefined>
  /** Copies into `buffer`; less than fits only at the end. */
  fill(buffer: Uint8Array): Promise<number>
  /** Whether everything was taken. */
  isAtEnd(): Promise<boolean>
  /** Lets go of the chunks that were not asked for. */
  close(): Promise<void>
}

/** The signal ends the wait for chunks that do not come; what is asked for then rejects with its reason. */
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

  /** Empty ones are no chunks. */
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
      // One that is silent would not hear of it before it speaks again.
      if (waiting === undefined) await letGo
      else letGo?.catch(() => {})
    }
  }
}

/** Cuts what is larger; nothing is joined or copied. */
export async function* inChunksOf(
  size: number | undefined,
  chunks: AsyncIterable<Uint8Array>
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    if (size === undefined || chunk.length <= size) yield chunk
    else for (let start = 0; start < chunk.length; start += size) yield chunk.subarray(start, start + size)
  }
}
