/** The first bytes of a stream, and all of it. */
export interface Peeked {
  /** As many as were asked for. If there are fewer, the stream has no more. */
  readonly head: Buffer
  readonly all: AsyncGenerator<Uint8Array, void, undefined>
}

/** Reads this many bytes in advance, and returns them together with the whole stream. */
export const peek = async (chunks: AsyncIterable<Uint8Array>, length: number): Promise<Peeked> => {
  const source = chunks[Symbol.asyncIterator]()
  const taken: Uint8Array[] = []
  let size = 0
  while (size < length) {
    const next = await source.next()
    if (next.done === true) break
    // Copied, because a chunk may be lent only until the next one is asked for.
    taken.push(Buffer.from(next.value))
    size += next.value.length
  }
  const all = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* taken.splice(0)
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value
    } finally {
      await source.return?.()
    }
  }
  return { head: Buffer.concat(taken).subarray(0, length), all: all() }
}
