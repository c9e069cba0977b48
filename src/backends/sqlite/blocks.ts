import type { Micros } from '../../xapi/timestamp.ts'

/** A row of `entry`: the `stored` values of some statements that have a term, sorted. */
export type BlockRow = readonly [first: Micros, rest: Uint8Array | null]

/** A query that leaps reads whole blocks. Long blocks would cost time, short ones space. */
const maxLength = 128
/** `rest` has 32-bit offsets, so a block spans little more than an hour. */
const maxSpan = 0xffff_ffff

/** A block that is read in place, because most queries need few of its values. */
export interface Block {
  readonly length: number
  valueAt(index: number): Micros
}

export const blockOf = ([first, rest]: BlockRow): Block => {
  if (rest === null) return { length: 1, valueAt: () => first }
  const offsets = new DataView(rest.buffer, rest.byteOffset, rest.byteLength)
  return {
    length: 1 + rest.byteLength / 4,
    valueAt: (index) => (index === 0 ? first : first + offsets.getUint32((index - 1) * 4, true))
  }
}

/** How many values of a block are less than this one. */
export const countBelow = (block: Block, value: Micros): number => {
  let [low, high] = [0, block.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (block.valueAt(middle) < value) low = middle + 1
    else high = middle
  }
  return low
}

/** The sorted `stored` values of a block. */
export const valuesOf = (row: BlockRow): Micros[] => {
  const block = blockOf(row)
  return Array.from({ length: block.length }, (_, index) => block.valueAt(index))
}

const rowOf = (values: readonly Micros[], first: Micros): BlockRow => {
  if (values.length === 1) return [first, null]
  const offsets = new DataView(new ArrayBuffer((values.length - 1) * 4))
  for (let index = 1; index < values.length; index += 1) {
    offsets.setUint32((index - 1) * 4, (values[index] ?? first) - first, true)
  }
  return [first, new Uint8Array(offsets.buffer)]
}

/** Splits sorted `stored` values into blocks. */
export function* rowsOf(values: readonly Micros[]): Generator<BlockRow> {
  let start = 0
  while (start < values.length) {
    const first = values[start] ?? 0
    let end = start + 1
    while (end < values.length && end - start < maxLength && (values[end] ?? 0) - first <= maxSpan) end += 1
    yield rowOf(values.slice(start, end), first)
    start = end
  }
}
