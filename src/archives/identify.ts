import { detectCompression } from '../streams/compression.ts'

/** What has something in it that must be taken out first. */
export type Packing = 'gzip' | 'bz2' | 'zstd' | 'xz' | 'zip' | 'tar'

/** So many of the first bytes tell what something is packed as: the head of a tar entry. */
export const packingHead = 512

/**
 * What names end in. The longest suffix wins, so that `.tar.gz` is not `.gz`; but what the bytes say is believed more than
 * any name.
 */
const suffixes: readonly (readonly [suffix: string, packing: Packing])[] = [
  ['.tar.gz', 'gzip'],
  ['.tar.bz2', 'bz2'],
  ['.tar.zst', 'zstd'],
  ['.tar.xz', 'xz'],
  ['.tbz2', 'bz2'],
  ['.tzst', 'zstd'],
  ['.tgz', 'gzip'],
  ['.txz', 'xz'],
  ['.bz2', 'bz2'],
  ['.zst', 'zstd'],
  ['.tar', 'tar'],
  ['.zip', 'zip'],
  ['.gz', 'gzip'],
  ['.xz', 'xz']
]

/** What a name promises; undefined: nothing. */
export const packingOfName = (name: string): { readonly suffix: string; readonly packing: Packing } | undefined => {
  const lower = name.toLowerCase()
  const found = suffixes.find(([suffix]) => lower.endsWith(suffix))
  return found && { suffix: found[0], packing: found[1] }
}

/** How a name ends, and whether there is a tar archive in it; undefined: it promises nothing. */
export const suffixOf = (
  name: string
): { readonly suffix: string; readonly packing: Packing; readonly isTar: boolean } | undefined => {
  const found = packingOfName(name)
  return found && { ...found, isTar: /^\.t(ar|gz|bz2|zst|xz)/.test(found.suffix) }
}

const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
/** Local file, empty archive, archive in parts. */
const zipMagics = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08']

const checksumAt = 148
const checksumLength = 8

/** The sum of all bytes of the head of a tar entry stands in it, and counts as spaces itself. */
const isTar = (head: Buffer): boolean => {
  if (head.length < packingHead) return false
  const written = Number.parseInt(
    head
      .toString('latin1', checksumAt, checksumAt + checksumLength)
      .replaceAll('\0', ' ')
      .trim(),
    8
  )
  let sum = checksumLength * 0x20
  for (const [at, byte] of head.subarray(0, packingHead).entries()) {
    if (at < checksumAt || at >= checksumAt + checksumLength) sum += byte
  }
  return sum === written
}

/** What the first bytes say it is packed as; undefined: it is not packed. */
export const packingOf = (bytes: Uint8Array): Packing | undefined => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const compression = detectCompression(head)
  if (compression !== 'none') return compression
  if (head.subarray(0, xzMagic.length).equals(xzMagic)) return 'xz'
  if (zipMagics.includes(head.toString('latin1', 0, 4))) return 'zip'
  return isTar(head) ? 'tar' : undefined
}
