/** How an input may be compressed; `auto`: look at how it begins. */
export const compressions = ['auto', 'none', 'gzip', 'zstd', 'bz2'] as const
export type Compression = (typeof compressions)[number]

/** Bytes that are enough to tell what something is compressed with. */
export const headLength = 4

const zstdMagic = 0xfd2fb528
const zstdSkippable = 0x184d2a5

/** What bytes are compressed with, by how they begin. */
export const detectCompression = (start: Uint8Array): Exclude<Compression, 'auto'> => {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  if (bytes.subarray(0, 3).toString('latin1') === 'BZh') return 'bz2'
  const word = bytes.length < 4 ? 0 : bytes.readUInt32LE(0)
  return word === zstdMagic || word >>> 4 === zstdSkippable ? 'zstd' : 'none'
}
