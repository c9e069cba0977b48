import { idLength } from './keys.ts'

/**
 * Remembers ids in four bytes each. In exchange it mistakes a few other ids for known ones. An id that it does not know was certainly never
 * added.
 */
export interface IdFilter {
  add(id: Uint8Array): void
  mayHave(id: Uint8Array): boolean
}

/** Bits for each id, and how many of them are set. Of 100,000 new ids one is mistaken for a known one. */
const bitsPerId = 32
const probes = 8

interface Layer {
  readonly bits: Uint32Array
  readonly capacity: number
  size: number
}

const createLayer = (capacity: number): Layer => ({
  bits: new Uint32Array((capacity * bitsPerId) / 32),
  capacity,
  size: 0
})

/** The last step of MurmurHash3. Ids need not be random: some clients count them up. */
const mix = (value: number): number => {
  let mixed = value
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const hashOf = (id: Uint8Array, seed: number): number => {
  let value = seed
  for (let at = 0; at < idLength; at += 4) {
    const word = (id[at] ?? 0) | ((id[at + 1] ?? 0) << 8) | ((id[at + 2] ?? 0) << 16) | ((id[at + 3] ?? 0) << 24)
    value = mix(value ^ word)
  }
  return value
}

/** `expected` ids are added soon. More may follow. */
export const createIdFilter = (expected: number): IdFilter => {
  const first = createLayer(2 ** Math.ceil(Math.log2(Math.max(expected, 512))))
  // Each layer has twice the room of the layer before, so nothing is ever copied.
  const layers = [first]
  let newest = first

  const isIn = ({ bits }: Layer, one: number, other: number): boolean => {
    const mask = bits.length * 32 - 1
    for (let probe = 0; probe < probes; probe += 1) {
      const bit = (one + Math.imul(probe, other)) & mask
      if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false
    }
    return true
  }

  return {
    add: (id) => {
      if (newest.size === newest.capacity) {
        newest = createLayer(newest.capacity * 2)
        layers.push(newest)
      }
      const [one, other, mask] = [hashOf(id, 1), hashOf(id, 2) | 1, newest.bits.length * 32 - 1]
      for (let probe = 0; probe < probes; probe += 1) {
        const bit = (one + Math.imul(probe, other)) & mask
        newest.bits[bit >>> 5] = (newest.bits[bit >>> 5] ?? 0) | (1 << (bit & 31))
      }
      newest.size += 1
    },
    mayHave: (id) => {
      const [one, other] = [hashOf(id, 1), hashOf(id, 2) | 1]
      return layers.some((layer) => isIn(layer, one, other))
    }
  }
}
