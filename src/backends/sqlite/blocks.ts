import type { Micros } from '../../xapi/timestamp.ts'

/** A row of `entry`: some statements that have a term, by `stored`, in order. */
export type Block = readonly [first: Micros, rest: Uint8Array | null]

/** Keeps a block within a page, and decoding one cheap. */
const maxLength = 512
/** `rest` holds 32-bit offsets: a block spans little more than an hour. */
const maxSpan = 0xffff_ffff

/** The `stored` of a block, in order. */
export const valuesOf = ([first, rest]: Block): Micros[] => {
  const values = [first]
  if (rest === null) return values
  const view = new DataView(rest.buffer, rest.byteOffset, rest.byteLength)
  for (let at = 0; at < rest.byteLength; at += 4) values.push(first + view.getUint32(at, true))
  return values
}

const blockOf = (values: readonly Micros[], first: Micros): Block => {
  if (values.length === 1) return [first, null]
  const rest = new DataView(new ArrayBuffer((values.length - 1) * 4))
  for (let index = 1; index < values.length; index += 1) {
    rest.setUint32((index - 1) * 4, (values[index] ?? first) - first, true)
  }
  return [first, new Uint8Array(rest.buffer)]
}

/** Cuts `stored` values, in order, into blocks. */
export function* blocksOf(values: readonly Micros[]): Generator<Block> {
  let start = 0
  while (start < values.length) {
    const first = values[start] ?? 0
    let end = start + 1
    while (end < values.length && end - start < maxLength && (values[end] ?? 0) - first <= maxSpan) end += 1
    yield blockOf(values.slice(start, end), first)
    start = end
  }
}
