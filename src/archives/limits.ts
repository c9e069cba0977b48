import { RalphError } from '../errors.ts'

export interface UnpackLimits {
  /** The most entries of an archive, including those of archives in it. */
  readonly maxEntries: number
  /** The most unpacked bytes of all entries together. */
  readonly maxUnpackedSize: number
  /** How many times its size a file may unpack to. */
  readonly maxRatio: number
  /** The most archives and compressions within each other. */
  readonly maxDepth: number
}

/** Bytes. A file that unpacks to less is accepted, whatever its ratio. */
const alwaysAllowed = 2 ** 26

/** Counts the unpacked bytes of a file, and throws when they exceed a limit. */
export interface Budget {
  entry(): void
  /** Counts unpacked bytes. */
  unpacked(bytes: number): void
  /** Notes that unpacking enters a layer. The first one is 1. */
  layer(depth: number): void
}

const tooLarge = (message: string, limit: number, setting: string): RalphError =>
  new RalphError('ARCHIVE_TOO_LARGE', message, { limit, setting })

/** `size` is the size of the file as it came. `variables` is the prefix of the names of the settings that hold the limits. */
export const createBudget = (size: number, limits: UnpackLimits, variables = 'RALPH_IMPORTS_'): Budget => {
  const { maxEntries, maxUnpackedSize, maxRatio, maxDepth } = limits
  let entries = 0
  let bytes = 0
  return {
    entry: () => {
      entries += 1
      if (entries <= maxEntries) return
      const setting = `${variables}MAX_ENTRIES`
      throw tooLarge(`the archive has more than the ${maxEntries} entries of ${setting}`, maxEntries, setting)
    },
    unpacked: (more) => {
      bytes += more
      if (bytes > maxUnpackedSize) {
        const setting = `${variables}MAX_UNPACKED_SIZE`
        throw tooLarge(`it unpacks to more than the ${maxUnpackedSize} bytes of ${setting}`, maxUnpackedSize, setting)
      }
      if (bytes > alwaysAllowed && bytes > size * maxRatio) {
        const setting = `${variables}MAX_RATIO`
        throw tooLarge(`it unpacks to more than ${maxRatio} times its size (${setting})`, maxRatio, setting)
      }
    },
    layer: (depth) => {
      if (depth <= maxDepth) return
      const setting = `${variables}MAX_DEPTH`
      throw new RalphError('ARCHIVE_TOO_DEEP', `it is packed more often than the ${maxDepth} times of ${setting}`, {
        limit: maxDepth,
        setting
      })
    }
  }
}
