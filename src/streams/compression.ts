/** How an input may be compressed; `auto`: look at how it begins. */
export const compressions = ['auto', 'none', 'gzip', 'zstd', 'bz2'] as const
export type Compression = (typeof compressions)[number]

/** Bytes that are enough to tell what something is compressed with. */
export const headLength = 4

const zstdMagic = 0xfd2fb528
const zstdSkippable = 0x184d2a5

/** Whether more bytes are needed to tell: a first byte that no compressed input has settles it. */
export const isUndecided = (start: Uint8Array): boolean => {
  const [first] = start
  if (first === undefined) return true
  // gzip, bz2, zstd and its frames that are passed over (0x50 to 0x5f).
  const maySay = first === 0x1f || first === 0x42 || first === 0x28 || first >>> 4 === 5
  return maySay && start.length < headLength
}

/** What bytes are compressed with, by how they begin. */
export const detectCompression = (start: Uint8Array): Exclude<Compression, 'auto'> => {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  if (bytes.subarray(0, 3).toString('latin1') === 'BZh') return 'bz2'
  const word = bytes.length < 4 ? 0 : bytes.readUInt32LE(0)
  return word === zstdMagic || word >>> 4 === zstdSkippable ? 'zstd' : 'none'
}
