/** How an input may be compressed. `auto`: decide by its first bytes. */
export const compressions = ['auto', 'none', 'gzip', 'zstd', 'bz2'] as const
export type Compression = (typeof compressions)[number]

/** This many bytes are enough to tell the compression. */
export const headLength = 4

const zstdMagic = 0xfd2fb528
const zstdSkippable = 0x184d2a5

/** Whether more bytes are needed. If no compression begins with the first byte, one byte is enough. */
export const isUndecided = (start: Uint8Array): boolean => {
  const [first] = start
  if (first === undefined) return true
  // gzip, bz2, zstd, and the skippable frames of zstd (0x50 to 0x5f).
  const maySay = first === 0x1f || first === 0x42 || first === 0x28 || first >>> 4 === 5
  return maySay && start.length < headLength
}

/** The compression, by the first bytes. */
export const detectCompression = (start: Uint8Array): Exclude<Compression, 'auto'> => {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  if (bytes.subarray(0, 3).toString('latin1') === 'BZh') return 'bz2'
  const word = bytes.length < 4 ? 0 : bytes.readUInt32LE(0)
  return word === zstdMagic || word >>> 4 === zstdSkippable ? 'zstd' : 'none'
}
