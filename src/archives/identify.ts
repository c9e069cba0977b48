import { detectCompression } from '../streams/compression.ts'

/** The ways to pack that must be unpacked first. */
export type Packing = 'gzip' | 'bz2' | 'zstd' | 'xz' | 'zip' | 'tar'

/** This many of the first bytes tell the packing: the head of a tar entry. */
export const packingHead = 512

/** The suffixes of names. The longest one wins, so `.tar.gz` is not `.gz`. The bytes count more than the name. */
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

/** The packing that a name promises. Undefined: none. */
export const packingOfName = (name: string): { readonly suffix: string; readonly packing: Packing } | undefined => {
  const lower = name.toLowerCase()
  const found = suffixes.find(([suffix]) => lower.endsWith(suffix))
  return found && { suffix: found[0], packing: found[1] }
}

/** The suffix of a name, and whether it promises a tar archive. Undefined: the name promises nothing. */
export const suffixOf = (
  name: string
): { readonly suffix: string; readonly packing: Packing; readonly isTar: boolean } | undefined => {
  const found = packingOfName(name)
  return found && { ...found, isTar: /^\.t(ar|gz|bz2|zst|xz)/.test(found.suffix) }
}

const xzMagic = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])
/** A local file, an empty archive, an archive in parts. */
const zipMagics = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08']

const checksumAt = 148
const checksumLength = 8

/** The head of a tar entry contains the sum of all its bytes. The sum itself counts as spaces. */
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

/** The packing, by the first bytes. Undefined: it is not packed. */
export const packingOf = (bytes: Uint8Array): Packing | undefined => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const compression = detectCompression(head)
  if (compression !== 'none') return compression
  if (head.subarray(0, xzMagic.length).equals(xzMagic)) return 'xz'
  if (zipMagics.includes(head.toString('latin1', 0, 4))) return 'zip'
  return isTar(head) ? 'tar' : undefined
}
