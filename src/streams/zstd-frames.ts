/** Bytes that must be read, or bytes that are skipped, and the step after them. */
type Step =
  | { readonly see: number; readonly next: (bytes: Buffer) => Step }
  | { readonly skip: number; readonly next: () => Step }
  | 'end of frame'
  | 'unknown'

const magic = 0xfd2fb528
const skippableMagic = 0x184d2a5

const end = (): Step => 'end of frame'

/** RFC 8878, 3.1.1.2: three bytes say whether the block is the last one, its kind and its length. */
const block = (checksum: number): Step => ({
  see: 3,
  next: (bytes) => {
    const header = bytes.readUIntLE(0, 3)
    const isRunLength = ((header >> 1) & 3) === 1
    const isLast = (header & 1) === 1
    return {
      skip: isRunLength ? 1 : header >> 3,
      next: () => (isLast ? { skip: checksum, next: end } : block(checksum))
    }
  }
})

const dictionaryIdSizes = [0, 1, 2, 4]
const contentSizes = [0, 2, 4, 8]

/** RFC 8878, 3.1.1.1 */
const descriptor: Step = {
  see: 1,
  next: (bytes) => {
    const flags = bytes.readUInt8(0)
    const isSingleSegment = (flags >> 5) & 1
    const contentSize = flags >> 6 === 0 ? isSingleSegment : (contentSizes[flags >> 6] ?? 0)
    const rest = (isSingleSegment === 1 ? 0 : 1) + (dictionaryIdSizes[flags & 3] ?? 0) + contentSize
    return { skip: rest, next: () => block(((flags >> 2) & 1) * 4) }
  }
}

const frame: Step = {
  see: 4,
  next: (bytes) => {
    const found = bytes.readUInt32LE(0)
    if (found === magic) return descriptor
    if (found >>> 4 !== skippableMagic) return 'unknown'
    return { see: 4, next: (size) => ({ skip: size.readUInt32LE(0), next: end }) }
  }
}

/**
 * The same bytes in chunks that end where zstd frames end: Node's decoder drops what follows a frame within a chunk. Bytes that are not a
 * frame are passed on unchanged, and the decoder refuses them.
 */
export async function* cutFrames(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  let step = frame
  let seen: Buffer = Buffer.alloc(0)
  let skipped = 0
  for await (const chunk of chunks) {
    const buffer = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let start = 0
    for (let at = 0; step !== 'unknown'; ) {
      if (step === 'end of frame') {
        yield buffer.subarray(start, at)
        start = at
        step = frame
      } else if ('see' in step) {
        const more = buffer.subarray(at, at + step.see - seen.length)
        seen = seen.length === 0 ? more : Buffer.concat([seen, more])
        at += more.length
        if (seen.length < step.see) break
        step = step.next(seen)
        seen = Buffer.alloc(0)
      } else {
        const more = Math.min(step.skip - skipped, buffer.length - at)
        at += more
        skipped += more
        if (skipped < step.skip) break
        step = step.next()
        skipped = 0
      }
    }
    // Copied, because the chunk belongs to the consumer.
    seen = Buffer.from(seen)
    if (start < buffer.length) yield buffer.subarray(start)
  }
}
