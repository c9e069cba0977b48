/** Chance that can be repeated: the same seed gives the same sequence on every machine. Not for secrets. */
export interface Random {
  /** At least 0, less than 1. */
  fraction(): number
  /** A whole number, at least 0 and less than `bound`. */
  below(bound: number): number
  /** A number from `low` to `high`, with at most three decimals. */
  between(low: number, high: number): number
  chance(probability: number): boolean
  pick<Item>(items: readonly [Item, ...Item[]]): Item
  /** Lower-case hexadecimal digits. */
  hex(bytes: number): string
  /** A UUID of version 4. */
  uuid(): string
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const hexOf = (word: number): string =>
  `${hexOfByte[word >>> 24]}${hexOfByte[(word >>> 16) & 255]}${hexOfByte[(word >>> 8) & 255]}${hexOfByte[word & 255]}`

/** The generator sfc32 (C. Doty-Humphrey, PractRand): 128 bits of state, period at least 2^64. */
export const createRandom = (seed: number): Random => {
  let a = seed | 0
  let b = Math.floor(seed / 2 ** 32) | 0
  let c = 0x9e3779b9
  let counter = 1

  /** 32 random bits. */
  const word = (): number => {
    const next = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + next) | 0
    return next >>> 0
  }
  // A seed of few bits needs some rounds until all of the state depends on it.
  for (let round = 0; round < 12; round++) word()

  const fraction = (): number => word() / 2 ** 32
  const below = (bound: number): number => Math.floor(fraction() * bound)
  return {
    fraction,
    below,
    between: (low, high) => Math.round((low + fraction() * (high - low)) * 1000) / 1000,
    chance: (probability) => fraction() < probability,
    pick: (items) => items[below(items.length)] ?? items[0],
    hex: (bytes) => {
      let digits = ''
      for (let done = 0; done < bytes; done += 4) digits += hexOf(word())
      return digits.slice(0, bytes * 2)
    },
    uuid: () => {
      const timeMid = hexOf((word() & 0xffff0fff) | 0x4000)
      const sequence = hexOf((word() & 0x3fffffff) | 0x80000000)
      return `${hexOf(word())}-${timeMid.slice(0, 4)}-${timeMid.slice(4)}-${sequence.slice(0, 4)}-${sequence.slice(4)}${hexOf(word())}`
    }
  }
}
