/** The same chunks. Calls `seen` with the size of each before it is passed on. */
export const counted = async function* (
  chunks: AsyncIterable<Uint8Array>,
  seen: (bytes: number) => void
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of chunks) {
    seen(chunk.length)
    yield chunk
  }
}
